/* SPDX-License-Identifier: MIT */
#pragma once

/* The writable root file system of a container, made once: a copy of its image, or for a toplevel nearly
 * nothing (skeleton.h). */

#include "base/error.h"

/**
 * tree_prepare() - make `root/` from the image unless it is there
 * @container_fd: the container's directory below .containers/
 * @image_fd: the image, -EBADF for a toplevel
 * @image: its path, for messages
 *
 * It is complete or not there at all: it is made under another name and renamed. What an interrupted
 * copy left is removed first. Blocks while it copies, until a signal: see tree_copy().
 */
int tree_prepare(int container_fd, int image_fd, const char *image, Error *reterr);

/* Makes the directories that lead to mount points inside, for @owner, who is the container's root.
 * systemd-nspawn would make those that are missing, too, but they would belong to the user "nobody", and no
 * service could make them its own. What cannot be made is left to it: there may be a symbolic link on the
 * way, which only it can follow. */
void tree_make_parents(int root_fd, uint32_t owner, char *const *mount_points);

/* Makes an empty file as a mount point at the absolute @path inside, likewise, in the place of a symbolic
 * link. That would lead systemd-nspawn to a directory in /run, say, which it would make as the host's root,
 * and a guest's systemd does not start in a /run/systemd that is not its own. */
void tree_make_file(int root_fd, uint32_t owner, const char *path);

/* Would tree_prepare() copy? */
int tree_exists(int container_fd, bool *ret, Error *reterr);
