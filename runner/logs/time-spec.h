/* SPDX-License-Identifier: MIT */
#pragma once

/* The times that --since and --until take; what journalctl users type (systemd.time(7)), and nothing that
 * can be read in two ways. */

#include "base/error.h"

/**
 * time_spec_parse() - read a point in time
 * @now_usec: the present, microseconds since the epoch
 *
 *     now, today, yesterday, tomorrow           a day's begin is its midnight
 *     5m, 5 min, 5 min ago, -5m, 1h30m, 1.5h    before now; +5m is after it
 *     2026-11-22, 2026-11-22 10:00[:30[.5]]     local time, or with "T" between
 *     2026-11-22T10:04:40.113Z, ... UTC, +01:00 in that zone, as `logs --json` prints them
 *     10:00, 10:00:30                           today
 *     @1795341880.5                             seconds since the epoch
 *
 * Units: us, ms, s, m (minutes), h, d, w, M (months), y, and their names. Local time is that of TZ.
 * FC_EXIT_USAGE for anything else, for dates that do not exist and for times before 1970 or after 9999. On
 * success *ret is microseconds since the epoch.
 */
int time_spec_parse(const char *text, uint64_t now_usec, uint64_t *ret, Error *reterr);
