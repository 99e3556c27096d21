/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether the units of a guest that has booted are as they should be: the wanted ones active, none failed,
 * none in a loop of crashes and restarts. */

#include "bus/guest-bus.h"

/* How long a service that has been restarted must hold out before it counts as active. One that crashes and
 * is restarted is active most of the time, and nothing but time tells the two apart. */
#define GUEST_WATCH_SETTLE_USEC USEC_PER_SEC

typedef enum WatchVerdict {
        WATCH_WAIT,    /* not yet; `text` says for what */
        WATCH_READY,   /* all is as it should be */
        WATCH_FAILED,  /* a unit is in the state "failed" */
        WATCH_MISSING, /* a wanted unit cannot be loaded; `text` says which and why */
        WATCH_LOST,    /* the connection ended, or is of no use */
} WatchVerdict;

/**
 * WatchChanged - what has come of it
 * @unit: that `text` is about, may be NULL
 *
 * Also called after WATCH_READY, when a unit fails later. May free the watch, but not the connection.
 */
typedef void (*WatchChanged)(WatchVerdict verdict, const char *unit, const char *text, void *userdata);

typedef struct GuestWatch GuestWatch;

/**
 * guest_watch_new() - watch units, beginning with what they are now
 * @units: names of those wanted; services that the manager has had to restart are watched beside them
 *
 * The connection must be attached to @event and outlive the watch. The callback comes from the loop.
 */
int guest_watch_new(GuestBus *bus, sd_event *event, char *const *units, WatchChanged callback,
                    void *userdata, GuestWatch **ret, Error *reterr);
GuestWatch *guest_watch_free(GuestWatch *watch);
DEFINE_FREEP(GuestWatch, guest_watch_free);
