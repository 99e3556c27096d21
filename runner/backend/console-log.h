/* SPDX-License-Identifier: MIT */
#pragma once

/* The file that keeps what a container writes to its console, and the one before it. Together they hold at
 * most a bit more than twice CONSOLE_LOG_MAX. */

#include "base/error.h"

#define CONSOLE_LOG     "console.log"
#define CONSOLE_LOG_OLD "console.log.1"
#define CONSOLE_LOG_MAX (4 * 1024 * 1024)

/* Opens it at its end, made when it is missing. @dir_fd: the container's directory. Return: the fd. */
int console_log_open(int dir_fd, Error *reterr);

/* The current one becomes the old one; one that is missing already is success. */
int console_log_rotate(int dir_fd, Error *reterr);
