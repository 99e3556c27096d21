/* SPDX-License-Identifier: MIT */
#pragma once

/* The processes of a user without root that are in the namespaces which all containers of that user share
 * (rootless/enter.h): the user's commands, and the supervisors of the containers. Each has mounts of its
 * own, so what one has mounted another finds through /proc. */

#include <sys/types.h>

#include "base/macro.h"

/* The cgroup of commands, in that which belongs to the user. */
#define COMPANIONS_OF_COMMANDS "command"

/* The one that has a cgroup for each machine; see cgroup/cgroup.h. */
#define COMPANIONS_OF_MACHINES "flake-containers"

/* @base_fd: that cgroup. @matches: of one of the processes, which may have gone. Return: the first that
 * does, 0: there is none. */
pid_t companions_find(int base_fd, bool (*matches)(pid_t pid, void *data), void *data);
