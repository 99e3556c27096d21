/* SPDX-License-Identifier: MIT */
#pragma once

/* Names of Linux capabilities, see capabilities(7). */

#include "base/error.h"

/* @ret: its number, less than 64. FC_EXIT_USAGE for a name that is not known. */
int capability_from_string(const char *name, unsigned *ret, Error *reterr);
