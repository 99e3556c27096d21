/* SPDX-License-Identifier: MIT */
#pragma once

/* Which system calls a port's proxy may make. It is another project's program, so the list has the calls
 * that its releases 252 to 262 and their C library make and fall back to. All others give ENOSYS, as on
 * an older kernel that does not know them: programs are prepared for that and go on. */

#include "base/error.h"

/* Needs no_new_privs. What is executed inherits the filter, for good. */
int filter_load(Error *reterr);
