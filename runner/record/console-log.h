/* SPDX-License-Identifier: MIT */
#pragma once

/* The file that keeps what a container writes to its console, and the one before it. Together they hold at
 * most a bit more than twice CONSOLE_LOG_MAX. A log may begin with a hole. */

#include "base/error.h"

#define CONSOLE_LOG     "console.log"
#define CONSOLE_LOG_OLD "console.log.1"
#define CONSOLE_LOG_MAX (4 * 1024 * 1024)

/* Opens it at its end, made when it is missing. @dir_fd: the container's directory. Return: the fd. */
int console_log_open(int dir_fd, Error *reterr);

/* Makes a new one; that its name is taken is an error. Return: the fd. */
int console_log_make(int dir_fd, Error *reterr);

/* The current one becomes the old one; one that is missing already is success. */
int console_log_rotate(int dir_fd, Error *reterr);

/**
 * console_log_trim() - keep a log within CONSOLE_LOG_MAX while others write to it
 * @fd: the log, open for writing
 *
 * Frees the space of its beginning (a hole, as in fallocate(2)). What is left stays where it is, so neither
 * who appends to it nor who reads it notices, and nothing is lost that is written meanwhile.
 */
int console_log_trim(int fd, Error *reterr);
