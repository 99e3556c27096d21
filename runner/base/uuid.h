/* SPDX-License-Identifier: MIT */
#pragma once

/* Random ids of 128 bits, RFC 9562. */

#include "base/error.h"

#define UUID_LENGTH 32

/* @ret: a new one, with dashes; owned by the caller. */
int uuid_make(char **ret, Error *reterr);

/* Dashes between the hexadecimal digits of machine-id(5); owned by the caller. */
char *uuid_format(const char *digits);
