/* SPDX-License-Identifier: MIT */
#pragma once

/* The user's own directory for connections to other machines: a socket has to be in a place that other users
 * cannot enter, and its path has to be short, which that of a project need not be. */

#include "base/error.h"

/**
 * socket_dir_open() - open it, made where it is missing
 * @ret_path: its absolute path, of characters that neither ssh nor rsync nor a shell take for something
 *   else. Owned by the caller
 *
 * In ~/.cache, or else in $XDG_RUNTIME_DIR, which a session started by sudo or cron does not have, and which
 * goes with the last session, while the connection and its ports may stay. Return: the fd, or a negative
 * errno.
 */
int socket_dir_open(char **ret_path, Error *reterr);
