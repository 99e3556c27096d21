/* SPDX-License-Identifier: MIT */
#pragma once

/* Which units of a guest are failed, and when that changes. The manager does not announce changes of its
 * SystemState, which says "degraded" because of them. */

#include "bus/guest-failed.h"

typedef struct GuestHealth GuestHealth;

/**
 * GuestHealthChanged - units have failed or do not count as failed any more, or it is the first call
 * @failed: all that are failed now; NULL: the connection has ended
 *
 * Runs from the loop, and may free the watch and then the connection. A guest on its way down is not
 * reported: what fails then is of no interest.
 */
typedef void (*GuestHealthChanged)(const FailedUnits *failed, void *userdata);

/* The connection must be attached to @event and outlive the watch. Each change costs questions that are
 * waited for. */
int guest_health_new(GuestBus *bus, sd_event *event, GuestHealthChanged callback, void *userdata,
                     GuestHealth **ret, Error *reterr);
GuestHealth *guest_health_free(GuestHealth *health);
DEFINE_FREEP(GuestHealth, guest_health_free);
