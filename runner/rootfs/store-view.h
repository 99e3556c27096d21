/* SPDX-License-Identifier: MIT */
#pragma once

/* A store of which only some paths are there: each is mounted into a tmpfs. */

#include "base/error.h"

/**
 * store_view_mount() - a detached, read-only mount of it
 * @store: the whole store's directory
 * @names: of the paths in it, which all exist there
 * @base: the first of the 65536 ids that the container has, 0: it has the host's
 *
 * Return: an fd as of mount_clone().
 */
int store_view_mount(int store_fd, const char *store, char *const *names, uint32_t base, Error *reterr);
