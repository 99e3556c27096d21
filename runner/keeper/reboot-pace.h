/* SPDX-License-Identifier: MIT */
#pragma once

/* When a guest that has rebooted is started again: at once, but a guest that does nothing but reboot is
 * started later each time. Pure: the clock is handed in. */

#include "base/macro.h"

/* A guest that reboots this soon after its start may be in a loop. A few such reboots are normal, as after
 * an update or a first boot. From then on each start comes later, up to a limit, until one lasts. */
#define REBOOT_SOON_USEC      (3 * USEC_PER_SEC)
#define REBOOT_FREE           3
#define REBOOT_DELAY_USEC     (100 * USEC_PER_MSEC) /* the first; doubled for each */
#define REBOOT_DELAY_MAX_USEC (30 * USEC_PER_SEC)

typedef struct RebootPace {
        unsigned soon; /* reboots in a row that came too soon */
} RebootPace;

/* The guest has rebooted after @lived_usec. Return: how long to wait before it is started again. */
uint64_t reboot_pace_next(RebootPace *pace, uint64_t lived_usec);

/* The detail of the event; owned by the caller, NULL when the guest is started at once. */
char *reboot_pace_describe(const RebootPace *pace, uint64_t delay_usec);
