/* SPDX-License-Identifier: MIT */
#pragma once

/* When a container that failed is started again: at once in human terms, later each time that it fails
 * again soon, and not for ever. Pure: the clock is handed in. */

#include "base/macro.h"

#define RESTART_BURST         5
#define RESTART_INTERVAL_USEC (5 * 60 * USEC_PER_SEC)
#define RESTART_DELAY_USEC    (100 * USEC_PER_MSEC) /* the first; doubled for each within the interval */

/* A guest that reboots this soon after its start may be in a loop. A few such reboots are normal, as
 * after an update or a first boot. From then on each start comes later, up to a limit, until one lasts. */
#define REBOOT_SOON_USEC      (3 * USEC_PER_SEC)
#define REBOOT_FREE           3
#define REBOOT_DELAY_USEC     (100 * USEC_PER_MSEC) /* the first; doubled for each */
#define REBOOT_DELAY_MAX_USEC (30 * USEC_PER_SEC)

typedef struct RebootPace {
        unsigned soon; /* reboots in a row that came too soon */
} RebootPace;

/* The guest has rebooted after @lived_usec. Return: how long to wait before it is started again. */
uint64_t reboot_pace_next(RebootPace *pace, uint64_t lived_usec);

typedef struct RestartLimit {
        uint64_t usec[RESTART_BURST]; /* of the latest restarts, a ring */
        unsigned n;                   /* restarts so far */
} RestartLimit;

/* It failed at @now_usec, CLOCK_MONOTONIC. Return: true and how long to wait before the restart, which is
 * counted; false when there were RESTART_BURST within the interval already. */
bool restart_limit_next(RestartLimit *limit, uint64_t now_usec, uint64_t *ret_delay_usec);
