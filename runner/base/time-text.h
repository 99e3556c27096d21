/* SPDX-License-Identifier: MIT */
#pragma once

/* Points in time and durations as text. */

#include "base/macro.h"

#define TIMESTAMP_MAX 32

/* "2026-11-22T10:04:40.113Z" (RFC 3339): UTC with milliseconds, from microseconds since the epoch.
 * Return: @buf. */
char *timestamp_format(char buf[static TIMESTAMP_MAX], uint64_t usec);

#define FORMAT_DURATION_MAX 24

/* "0.03s", "1.9s", "42s", "12m", "3h", "2d": one unit, rounded down from minutes on. Return: @buf. */
char *format_duration(char buf[static FORMAT_DURATION_MAX], uint64_t usec);
