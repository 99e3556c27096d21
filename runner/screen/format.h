/* SPDX-License-Identifier: MIT */
#pragma once

/* Durations, sizes and times as people and programs read them. */

#include "base/macro.h"

#define FORMAT_DURATION_MAX 24
#define FORMAT_SIZE_MAX     16

/* "0.03s", "1.9s", "42s", "12m", "3h", "2d": one unit, rounded down from minutes on. Return: @buf. */
char *format_duration(char buf[static FORMAT_DURATION_MAX], uint64_t usec);

/* "512B", "5.3M", "412M": powers of 1024. Return: @buf. */
char *format_size(char buf[static FORMAT_SIZE_MAX], uint64_t bytes);
