/* SPDX-License-Identifier: MIT */
#pragma once

/* Building a tree of mounts where no other process sees it. */

#include "base/error.h"
#include "base/paths.h"

/**
 * mount_in_child() - run a function in a mount namespace of its own
 * @work: in there an empty tmpfs is mounted at MACHINE_DIR to build in. Returns an fd, or a negative
 * errno
 *
 * In a child, since a process cannot leave such a namespace again without losing its root and working
 * directory. Return: what @work has returned; the fd as one of ours.
 */
int mount_in_child(int (*work)(const void *userdata), const void *userdata);
