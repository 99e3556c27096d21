/* SPDX-License-Identifier: MIT */
#pragma once

/* What a guest's manager is busy with, for the message of a command that has waited too long. */

#include "bus/guest-bus.h"

typedef struct GuestJob {
        char *unit;
        char *type;          /* "start", "stop", ... */
        uint64_t since_usec; /* of the unit's present state, CLOCK_MONOTONIC; 0: unknown */
} GuestJob;

void guest_job_done(GuestJob *job);

/* The job that has run for the longest time, of those that are looked at; `ret->unit` NULL: none runs. */
int guest_bus_get_job(GuestBus *bus, GuestJob *ret, Error *reterr);
