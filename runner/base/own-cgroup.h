/* SPDX-License-Identifier: MIT */
#pragma once

/* The cgroup of cgroup2 that a process is in, and beginning in another one; all else is cgroup/cgroup.h. */

#include <sys/types.h>

#include "base/error.h"

/* Where systemd and nspawn have cgroup2. A hybrid host has it elsewhere, but a supervisor attaches it here
 * in its own mount namespace; where a user without root is root it is the cgroup that is the user's. */
#define CGROUP_MOUNT "/sys/fs/cgroup"

/* Path of the cgroup of the calling process below where cgroup2 is mounted, with a slash in front. Owned by
 * the caller. */
int own_cgroup_path(char **ret, Error *reterr);

/* That cgroup, below CGROUP_MOUNT. Return: the fd of a directory. */
int own_cgroup_open(Error *reterr);

/* fork(2) whose child begins in the cgroup `fd`: clone3(2), CLONE_INTO_CGROUP. Unlike a move of a process
 * that exists it does not wait for a grace period of the kernel, which takes 5 to 20 ms. Return: as
 * fork(). */
pid_t own_cgroup_fork(int fd);
