/* SPDX-License-Identifier: MIT */
#pragma once

/* A store of which only some paths are there: each is mounted into a tmpfs. */

#include "base/error.h"

/**
 * store_view_mount() - a detached, read-only mount of it
 * @store: the whole store's directory
 * @names: of the paths in it, which all exist there
 * @base: the first of the container's ids, 0: it has the host's
 * @ids_fd: the container's map, mount-maps.h; -EBADF without @base
 *
 * Return: an fd as of mount_clone().
 */
int store_view_mount(int store_fd, const char *store, char *const *names, uint32_t base, int ids_fd,
                     Error *reterr);
