/* SPDX-License-Identifier: MIT */
#pragma once

/* A writable view of an image that does not change it: overlayfs, the image below with its ids mapped to the
 * container's range, what is written above. Ready in milliseconds, where a copy takes a second. */

#include "base/error.h"

/**
 * overlay_lay() - lay one mount over another
 * @lower: a detached mount, which is not written to. Both are attached by that, and no more detached
 * @state: another one, with the directories "upper", for what is written, and "work"
 * @lasting: what is written is going to be used again, after the lower mount has changed, too
 *
 * Of both the ids may be mapped, where the kernel can do that (since 5.19). Return: an fd as of
 * mount_clone().
 */
int overlay_lay(int lower, int state, bool lasting, Error *reterr);

/* Makes "upper", with owner and mode of @lower, and "work" in a directory, both seen with the ids of the
 * host. */
int overlay_make_layers(int state, int lower, Error *reterr);

/**
 * overlay_mount() - a detached mount of the view
 * @image_fd: the image's directory; O_PATH will do
 * @dir_fd: an empty directory for what is written; it is removed like any other
 * @base: the first of the container's ids, 0: it has the host's
 * @ids_fd: the container's map, mount-maps.h; -EBADF without @base
 *
 * Not every kernel (before 5.19) and file system can do it: then the caller has to copy.
 * Return: an fd as of mount_clone().
 */
int overlay_mount(int image_fd, int dir_fd, uint32_t base, int ids_fd, Error *reterr);
