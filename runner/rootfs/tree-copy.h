/* SPDX-License-Identifier: MIT */
#pragma once

/* Copying a directory with all that it contains, as `cp -a` would, but by descriptors alone: a process
 * that can write to the copy meanwhile can change the copy and nothing else. No program is started. */

#include "base/error.h"

/**
 * tree_copy() - fill an empty directory
 * @from_fd, @to_fd: opened for reading; @to_fd also gets the owner, mode and times of @from_fd
 * @name: of what is copied, for messages
 *
 * Hard links within the tree stay such. Mount points are copied with what is mounted there. No depth is too
 * much: a fixed number of descriptors is used. A pending SIGINT, SIGTERM or SIGHUP, which the caller has
 * blocked, is FC_EXIT_INTERRUPTED.
 */
int tree_copy(int from_fd, int to_fd, const char *name, Error *reterr);
