/* SPDX-License-Identifier: MIT */
#pragma once

/* The way from the host to the service manager inside a container. */

#include "bus/guest-bus.h"
#include "enter/namespaces.h"

/**
 * manager_connect() - connect to a container's service manager
 * @timeout_usec: for connecting alone; relative
 * @ret: the connection, which waits to be accepted (guest_bus_new()); or NULL when nothing listens: the
 * leader is not systemd, or not ready yet, or already shutting down, which is not an error
 *
 * FC_EXIT_NOT_RUNNING when the container ends meanwhile, FC_EXIT_TIMEOUT when the manager does not answer.
 */
int manager_connect(const EnterTarget *target, uint64_t timeout_usec, GuestBus **ret, Error *reterr);

/* The same, and waits until the manager has accepted us. @timeout_usec: for all of that. */
int manager_open(const EnterTarget *target, uint64_t timeout_usec, GuestBus **ret, Error *reterr);

/**
 * manager_open_patiently() - manager_open() for a guest that is known to be up
 * @boots: as for enter_target_may_be_systemd()
 * @patience_usec: how long to try when the leader is systemd but does not listen; relative
 *
 * A systemd does not listen for a moment when it executes itself anew ("systemctl daemon-reexec", an
 * upgrade), nor when it has just begun to boot.
 * Returns at once when the leader is something else, when it has become systemd-shutdown, and when it ends.
 */
int manager_open_patiently(const EnterTarget *target, bool boots, uint64_t timeout_usec,
                           uint64_t patience_usec, GuestBus **ret, Error *reterr);
