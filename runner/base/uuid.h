/* SPDX-License-Identifier: MIT */
#pragma once

/* Random ids of 128 bits, RFC 9562. */

#include "base/error.h"

#define UUID_LENGTH 32

/* @ret: hexadecimal digits, as in machine-id(5). */
int uuid_make(char ret[static UUID_LENGTH + 1], Error *reterr);

/* Such digits with dashes between them; owned by the caller. */
char *uuid_format(const char *digits);
