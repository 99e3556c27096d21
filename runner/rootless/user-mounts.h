/* SPDX-License-Identifier: MIT */
#pragma once

/* What is ours in $XDG_RUNTIME_DIR, and the mounts in which a command without root finds it at
 * /run/flake-containers. */

#include "base/error.h"

/* Whether $XDG_RUNTIME_DIR names a place for what is of ours. Looks at nothing there. */
int user_runtime_check(Error *reterr);

/* Where what is in /run with root is, for as long as the user is logged in. Return: an fd. */
int user_runtime_open(Error *reterr);

/* As root of the user's namespaces: mounts of this process's own, with the user's cgroup at
 * /sys/fs/cgroup. */
int user_mounts_make(Error *reterr);
