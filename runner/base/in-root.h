/* SPDX-License-Identifier: MIT */
#pragma once

/* Looking at files of a container from outside. Every path is resolved with openat2(2) and RESOLVE_IN_ROOT:
 * absolute symbolic links and ".." stay inside, whatever the container puts there. */

#include "base/error.h"

/* Return: an O_CLOEXEC fd, or a negative errno without an Error, as callers differ in what a missing file
 * means. */
int root_open(int root_fd, const char *path, int flags);

/* Reads a regular file of at most `max` bytes; anything else (missing, a FIFO, too large) is NULL. For files
 * that describe a guest, which may be broken without stopping us. Owned by the caller. */
char *root_read(int root_fd, const char *path, size_t max);
