/* SPDX-License-Identifier: MIT */
#pragma once

/* An empty file system in memory. */

#include <sys/types.h>

#include "base/error.h"

/**
 * tmpfs_mount() - a detached mount of a new one
 * @size: as tmpfs(5) takes it; NULL: the kernel's default, half of the memory
 * @mode, @uid, @gid: of its root directory; the ids are the host's
 *
 * Return: an fd as of mount_clone().
 */
int tmpfs_mount(const char *size, mode_t mode, uid_t uid, gid_t gid, Error *reterr);
