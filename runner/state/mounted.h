/* SPDX-License-Identifier: MIT */
#pragma once

/* What is mounted somewhere below a directory, in the mount namespace of this process. */

#include "base/error.h"

/* The first mount point of a mountinfo (proc(5)) that is @path or below it; owned by the caller, NULL: there
 * is none. Pure. */
char *mounted_find(const char *mountinfo, const char *path);

/* Refuses with FC_EXIT_CONFLICT, which names it, when something is mounted at or below `name`, one name in
 * the directory. */
int mounted_refuse(int dir_fd, const char *name, Error *reterr);
