/* SPDX-License-Identifier: MIT */
#pragma once

/* When a container that has ended is started again. Pure: the clock is handed in, CLOCK_MONOTONIC.
 *
 * One that failed is started again at once in human terms, later each time that it fails again soon, and not
 * for ever. A supervisor decides so itself. On a host that systemd manages systemd decides: it has the same
 * numbers, but one delay, and counts all starts of an interval. It says nothing when it gives up; so the
 * starts are counted by its rule, too. */

#include "base/macro.h"

#define RESTART_BURST         5 /* restarts within the interval */
#define RESTART_INTERVAL_USEC (5 * 60 * USEC_PER_SEC)
#define RESTART_DELAY_USEC    (100 * USEC_PER_MSEC) /* the first; doubled for each within the interval */

typedef struct RestartLimit {
        uint64_t usec[RESTART_BURST]; /* of the latest restarts, a ring */
        unsigned n;                   /* restarts so far */
} RestartLimit;

/* It failed at @now_usec. Return: true and how long to wait before the restart, which is counted; false when
 * there were RESTART_BURST within the interval already. */
bool restart_limit_next(RestartLimit *limit, uint64_t now_usec, uint64_t *ret_delay_usec);

/* StartLimitBurst= in systemd.unit(5): the first start counts as well. */
#define START_BURST (RESTART_BURST + 1)

typedef struct StartLimit {
        uint64_t begin_usec; /* of the interval */
        unsigned n;          /* starts since then */
} StartLimit;

/* It starts. */
void start_limit_count(StartLimit *limit, uint64_t now_usec);

/* It has failed. Return: how long to wait before it is started again. */
uint64_t start_limit_delay(const StartLimit *limit, uint64_t now_usec);

/* It has ended. Is systemd going to refuse the next start? */
bool start_limit_is_reached(const StartLimit *limit, uint64_t now_usec);

/* A guest that has rebooted is started again at once, but one that does nothing but reboot later each time.
 * A guest that reboots this soon after its start may be in a loop. A few such reboots are normal, as after
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
