/* SPDX-License-Identifier: MIT */
#pragma once

/* How a guest's service manager says it is doing, and the moment when it has finished booting. */

#include "bus/guest-bus.h"

/* SystemState of org.freedesktop.systemd1(5), the words of "systemctl is-system-running". */
typedef enum ManagerState {
        MANAGER_INITIALIZING,
        MANAGER_STARTING,
        MANAGER_RUNNING,
        MANAGER_DEGRADED, /* running, with failed units */
        MANAGER_MAINTENANCE,
        MANAGER_STOPPING,
        MANAGER_OFFLINE, /* also: the connection to it was lost */
        MANAGER_UNKNOWN, /* also: a word that this program does not know */
        _MANAGER_STATE_MAX,
} ManagerState;

ManagerState manager_state_from_string(const char *s);

/* True for every state that does not change by itself when boot goes on. */
static inline bool manager_state_is_booted(ManagerState state) {
        return state != MANAGER_INITIALIZING && state != MANAGER_STARTING;
}

/* Asks, and waits for the answer. An answer that is not a state is MANAGER_UNKNOWN. */
int guest_bus_get_state(GuestBus *bus, ManagerState *ret, Error *reterr);

/**
 * GuestBooted - the manager's state is no longer initializing or starting
 * @state: MANAGER_OFFLINE when the connection ended before that
 */
typedef void (*GuestBooted)(ManagerState state, void *userdata);

/* A watch that ends by itself with its only call, or when it is freed. */
typedef struct GuestBootWatch GuestBootWatch;

/**
 * guest_bus_watch_booted() - be told when the guest has finished booting
 *
 * The connection must be attached to a loop, and must outlive the watch. The callback runs from the loop,
 * once, also when the guest has been up for long; it may free the watch, but not the connection.
 */
int guest_bus_watch_booted(GuestBus *bus, GuestBooted callback, void *userdata, GuestBootWatch **ret,
                           Error *reterr);
GuestBootWatch *guest_boot_watch_free(GuestBootWatch *watch);
DEFINE_FREEP(GuestBootWatch, guest_boot_watch_free);
