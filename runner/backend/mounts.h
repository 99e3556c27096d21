/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/error.h"

/**
 * mount_clone() - a detached copy of the mount that a file or directory is on, rooted there; open_tree(2)
 * @fd: O_PATH will do
 * @recursive: with what is mounted below
 *
 * Return: an fd, to be attached elsewhere with move_mount(2) or closed, which makes it vanish.
 */
int mount_clone(int fd, bool recursive, Error *reterr);

/* Makes a detached mount read-only, without devices and without set-user-ID programs. */
int mount_protect(int tree_fd, Error *reterr);
