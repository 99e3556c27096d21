/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "users", whose users a container has, and "capabilities", what its root may do. */

#include "spec/key.h"

extern const SpecKey users_key;
extern const SpecKey capabilities_key;

/* Names of Linux capabilities, see capabilities(7). @ret: its number, less than 64. FC_EXIT_USAGE for a name
 * that is not known. */
int capability_from_string(const char *name, unsigned *ret, Error *reterr);
