/* SPDX-License-Identifier: MIT */
#pragma once

/* Detached mounts: a file or directory of the host as a mount that is attached nowhere yet, changed before
 * anything sees it, and handed to the process that attaches it. It lives as long as its descriptor or its
 * place in a mount namespace, so nothing has to be undone. */

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

/* Makes the files of a detached mount those of a range of 65536 ids from @base on: what is 0 on the disk is
 * @base there. What the host's root makes in it is 65536 on the disk, and outside of the range. Fails where
 * the file system or the kernel cannot, or when it was done already. */
int mount_map_ids(int tree_fd, uint32_t base, Error *reterr);

/* The same in two steps, for many mounts. The first returns an fd. */
int mount_ids_open(uint32_t base, Error *reterr);
int mount_map_ids_by(int tree_fd, int ids_fd, Error *reterr);
