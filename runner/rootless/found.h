/* SPDX-License-Identifier: MIT */
#pragma once

/* Making the namespaces of a user without root. A process of the user's upper cgroup makes them, so that
 * this is the root of the new cgroup namespace; newuidmap(1) and newgidmap(1) give the user's subordinate
 * ids; then the command enters. */

#include <sched.h>

#include "base/error.h"

/* Those that all of the user's commands share; mounts are each one's own. */
#define NAMESPACES_OF_USER (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWUTS)

/* The calling process is in new ones then, and root there. @base_fd: the upper cgroup. */
int namespaces_found(int base_fd, Error *reterr);

/* In a user namespace that has been entered. AppArmor lets one make a namespace, and takes away what one has
 * there: the error says so. */
int namespace_become_root(Error *reterr);
