/* SPDX-License-Identifier: MIT */
#pragma once

/* Files for a container that are on no disk: in a file system in memory that nothing else sees, and that is
 * never swapped out. nspawn binds them into the container, or reads them as credentials. */

#include "base/error.h"

/* A detached, empty one that only root can enter. Return: an fd as of mount_clone(). */
int made_files_mount(Error *reterr);

/* @mode: the file belongs to the host's root, whom no process of a user namespace is. */
int made_files_add(int fd, const char *name, const void *data, size_t size, mode_t mode, Error *reterr);
