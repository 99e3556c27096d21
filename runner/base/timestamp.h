/* SPDX-License-Identifier: MIT */
#pragma once

/* Points in time as text that programs read. */

#include "base/macro.h"

#define TIMESTAMP_MAX 32

/* "2026-11-22T10:04:40.113Z" (RFC 3339): UTC with milliseconds, from microseconds since the epoch.
 * Return: @buf. */
char *timestamp_format(char buf[static TIMESTAMP_MAX], uint64_t usec);
