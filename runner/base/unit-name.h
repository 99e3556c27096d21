/* SPDX-License-Identifier: MIT */
#pragma once

/* What systemd.unit(5) says of the names of units. */

#include "base/macro.h"

#define UNIT_NAME_MAX 255

#define UNIT_NAME_CHARACTERS                                                                                \
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"                                    \
        ":-_.\\@"

/* Whether it ends as units of some type do, in ".service" and the like, and has something before that. */
bool unit_name_has_type(const char *name);
