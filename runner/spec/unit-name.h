/* SPDX-License-Identifier: MIT */
#pragma once

/* Names of systemd units, as systemd.unit(5) has them. */

#include "base/error.h"

#define UNIT_NAME_LENGTH_MAX 255

/* A whole name with its kind, "redis.service", "getty@tty1.service"; no template and no pattern.
 * FC_EXIT_USAGE else. */
int unit_name_check(const char *name, Error *reterr);
