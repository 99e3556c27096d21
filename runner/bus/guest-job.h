/* SPDX-License-Identifier: MIT */
#pragma once

/* What a guest's manager is busy with: for whoever has waited long enough and wants to know why. */

#include "bus/guest-bus.h"

typedef struct GuestJob {
        char *unit;
        char *type;          /* "start", "stop", ... */
        uint64_t since_usec; /* of the unit's present state, CLOCK_MONOTONIC; 0: unknown */
} GuestJob;

void guest_job_done(GuestJob *job);

/* The job that runs for the longest time, of as many as are looked at; `ret->unit` NULL: none runs. */
int guest_bus_get_job(GuestBus *bus, GuestJob *ret, Error *reterr);
