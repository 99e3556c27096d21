/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether this user may make user namespaces, and what of the kernel and of AppArmor is in the way. */

#include "base/error.h"

/* Makes one, in a process for that, and what only its root may. FC_EXIT_HOST with what to change. */
int restrictions_try(Error *reterr);

/* Adds what to change, as far as it can be seen; what may be in the way, where nothing can. */
void restrictions_add_hints(Error *reterr);

/* What to change where a file of /proc/sys says this; NULL: nothing. Pure. */
const char *restrictions_hint(const char *path, const char *value);
