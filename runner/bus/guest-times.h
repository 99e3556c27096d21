/* SPDX-License-Identifier: MIT */
#pragma once

/* How long the units of a guest took to become active, as its systemd noted it. */

#include "bus/guest-bus.h"

typedef struct UnitTime {
        char *name;
        uint64_t began_usec, ended_usec; /* CLOCK_MONOTONIC, as the guest says: it is not to be trusted */
} UnitTime;

typedef struct UnitTimes {
        UnitTime *units;
        size_t n;
} UnitTimes;

void unit_times_done(UnitTimes *times);

/* Of services and mounts that have been started since it booted, the last time of each; up to
 * GUEST_SERVICES_MAX. Those that are not told in time are left out. @ret: to be emptied by
 * unit_times_done() */
int guest_bus_get_unit_times(GuestBus *bus, UnitTimes *ret, Error *reterr);
