/* SPDX-License-Identifier: MIT */
#pragma once

/* What is mounted somewhere below a directory, in the mount namespace of this process. */

#include <sys/types.h>

#include "base/error.h"

/* The first mount point of a mountinfo (proc(5)) that is @path or below it; owned by the caller, NULL: there
 * is none. Pure. */
char *mounted_find(const char *mountinfo, const char *path);

/* Whether what is mounted at @path is a directory that was removed from its file system. Pure. */
bool mounted_is_removed(const char *mountinfo, const char *path);

/* Likewise, in the mount namespace of a process. False also when it cannot be looked at. */
bool mounted_is_removed_for(pid_t pid, const char *path);

/* Whether what is mounted at @path, uppermost, is an overlay. Pure. */
bool mounted_is_overlay(const char *mountinfo, const char *path);

/* Likewise, in the mount namespace of a process. True also when it cannot be looked at. */
bool mounted_is_overlay_for(pid_t pid, const char *path);

/* Refuses with FC_EXIT_CONFLICT, which names it, when something is mounted at or below `name`, one name in
 * the directory. */
int mounted_refuse(int dir_fd, const char *name, Error *reterr);
