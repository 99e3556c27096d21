/* SPDX-License-Identifier: MIT */
#pragma once

/* A connection to the service manager (PID 1) of a guest: to its private socket, which needs neither a
 * dbus-daemon in the guest nor machined on the host. There is no bus in between, so there is no Hello and no
 * Subscribe: the manager sends all its signals to every such peer (org.freedesktop.systemd1(5)).
 *
 * Making the connected socket needs the guest's namespaces, which is not done here: see enter/manager.h. */

#include "base/error.h"
#include "base/systemd.h"

typedef struct GuestBus GuestBus;

/* The manager's socket, inside the guest. */
#define GUEST_BUS_SOCKET "/run/systemd/private"

/* A healthy manager answers within a few milliseconds; this is for one that is busy loading its units. */
#define GUEST_BUS_TIMEOUT_USEC (10 * USEC_PER_SEC)

/* For a function that does nothing but wait for answers: all of its questions together. */
#define GUEST_BUS_ANSWERS_USEC (3 * USEC_PER_SEC)

/**
 * guest_bus_new() - speak D-Bus on a connected socket
 * @fd: connected to GUEST_BUS_SOCKET by a process that was root in the guest; owned by the connection from
 * now on, also when this fails
 * @timeout_usec: how long each call whose answer comes from the loop may take; relative
 *
 * Returns before the manager has accepted us. Questions wait for that; when the manager refuses, the
 * connection ends.
 */
int guest_bus_new(int fd, uint64_t timeout_usec, GuestBus **ret, Error *reterr);

/* Waits until the manager has accepted us. FC_EXIT_NOT_RUNNING when it closes the connection (it is shutting
 * down or has ended), FC_EXIT_TIMEOUT when it does not answer. */
int guest_bus_wait_accepted(GuestBus *bus, uint64_t deadline_usec, Error *reterr);

/* The manager must have answered all questions that we wait for by then, CLOCK_MONOTONIC. Each function
 * has GUEST_BUS_ANSWERS_USEC besides. */
void guest_bus_set_deadline(GuestBus *bus, uint64_t deadline_usec);
GuestBus *guest_bus_free(GuestBus *bus);
DEFINE_FREEP(GuestBus, guest_bus_free);

/* Lets the loop serve the connection, for the functions that report by callback. The loop must not outlive
 * the connection's use, and the connection is detached when it is freed. */
int guest_bus_attach(GuestBus *bus, sd_event *event, Error *reterr);
