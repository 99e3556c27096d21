/* SPDX-License-Identifier: MIT */
#pragma once

/* When a container that failed is started again: at once in human terms, later each time that it fails
 * again soon, and not for ever. Pure: the clock is handed in. */

#include "base/macro.h"

#define RESTART_BURST         5
#define RESTART_INTERVAL_USEC (5 * 60 * USEC_PER_SEC)
#define RESTART_DELAY_USEC    (100 * USEC_PER_MSEC) /* the first; doubled for each within the interval */

typedef struct RestartLimit {
        uint64_t usec[RESTART_BURST]; /* of the latest restarts, a ring */
        unsigned n;                   /* restarts so far */
} RestartLimit;

/* It failed at @now_usec, CLOCK_MONOTONIC. Return: true and how long to wait before the restart, which is
 * counted; false when there were RESTART_BURST within the interval already. */
bool restart_limit_next(RestartLimit *limit, uint64_t now_usec, uint64_t *ret_delay_usec);
