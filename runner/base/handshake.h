/* SPDX-License-Identifier: MIT */
#pragma once

/* A word from one process to another, over a pipe or a pair of sockets: that it may go on. */

#include "base/macro.h"

/* SIGPIPE is the caller's to ignore. Return: 0 or a negative errno. */
int handshake_tell(int fd);

/* Return: 1 it has been told, 0 the other end was closed without it, or a negative errno. */
int handshake_await(int fd);
