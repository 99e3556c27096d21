/* SPDX-License-Identifier: MIT */
#pragma once

/* What the files of bus/ share; no other folder includes it. */

#include "bus/bus-error.h"
#include "bus/guest-bus.h"
#include "bus/systemd-bus.h"

#define SYSTEMD_PATH       "/org/freedesktop/systemd1"
#define SYSTEMD_UNIT_PATH  "/org/freedesktop/systemd1/unit"
#define SYSTEMD_MANAGER    "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT       "org.freedesktop.systemd1.Unit"
#define SYSTEMD_JOB        "org.freedesktop.systemd1.Job"
#define SYSTEMD_SERVICE    "org.freedesktop.systemd1.Service"
#define DBUS_PROPERTIES    "org.freedesktop.DBus.Properties"
#define DBUS_LOCAL_PATH    "/org/freedesktop/DBus/Local"
#define DBUS_LOCAL         "org.freedesktop.DBus.Local"
#define ERROR_NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"

struct GuestBus {
        sd_bus *bus;
        sd_event_source *exit;  /* of the loop that it is attached to */
        uint64_t deadline_usec; /* for questions that are waited for, CLOCK_MONOTONIC; UINT64_MAX: none */
};

/* For how many units, jobs or services of a guest we ask one by one; a guest can list any number. */
#define GUEST_DETAILS_MAX  20
#define GUEST_SERVICES_MAX 1000

/* The moment by which all questions that are asked from now on, until the caller has what it wants, must be
 * answered. */
uint64_t guest_bus_deadline(const GuestBus *bus);

/**
 * guest_bus_ask() - sd_bus_call_method() with a deadline for all that is asked
 * @deadline_usec: of guest_bus_deadline()
 *
 * Signals that arrive meanwhile go to their watchers at once: sd_bus_call() would queue them, and a guest
 * can send many.
 */
int guest_bus_ask(GuestBus *bus, uint64_t deadline_usec, const char *path, const char *interface,
                  const char *member, sd_bus_error *error, sd_bus_message **ret, const char *types, ...);

/* sd_bus_match_signal() for the manager: no sender, as a direct connection has no names. */
int guest_bus_match(GuestBus *bus, sd_bus_slot **ret, const char *path, const char *interface,
                    const char *member, sd_bus_message_handler_t handler, void *userdata, Error *reterr);

/* Reads the unit's name and its ActiveState from a PropertiesChanged signal of one of the guest's own units.
 * Return: 1; 0 when it is about something else, or about a unit of ours; or a negative errno. */
int guest_bus_read_active_state(sd_bus_message *m, char **ret_unit, char **ret_state);

/* Reads an "a{sv}". @read gets the name of a property with the message at its value ("v"), which it reads or
 * skips. */
int guest_bus_read_properties(sd_bus_message *m,
                              int (*read)(sd_bus_message *m, const char *name, void *userdata),
                              void *userdata);
