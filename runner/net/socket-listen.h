/* SPDX-License-Identifier: MIT */
#pragma once

/* Unix sockets of the host by which the project's owner reaches those of a container. */

#include <sys/types.h>

#include "base/error.h"

/**
 * socket_listen() - listen at a path that no other user can change
 * @path: short enough, in a directory that only root can write to; what is there already goes
 * @owner: the user who can connect to it
 *
 * Return: a descriptor or a negative errno.
 */
int socket_listen(const char *path, uid_t owner, Error *reterr);
