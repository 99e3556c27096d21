/* SPDX-License-Identifier: MIT */
#pragma once

/* The names of capabilities(7). */

#include "base/error.h"

#define N_CAPABILITIES 41U

/* By number. */
extern const char *const capability_words[N_CAPABILITIES];

/* @ret: its number. FC_EXIT_USAGE: there is none of that name. */
int capability_from_string(const char *name, unsigned *ret, Error *reterr);
