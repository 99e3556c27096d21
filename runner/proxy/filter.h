/* SPDX-License-Identifier: MIT */
#pragma once

/* Which system calls a port's proxy may make. It is another project's program, so the list is of what its
 * releases 252 to 262 and their C library do and fall back to, and what is not in it "is not implemented"
 * (ENOSYS): that is what a program asks for that is ready for an older kernel, and it goes on. */

#include "base/error.h"

/* Needs no_new_privs. What is executed inherits the filter, for good. */
int filter_load(Error *reterr);
