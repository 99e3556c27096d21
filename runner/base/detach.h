/* SPDX-License-Identifier: MIT */
#pragma once

/* Processes that may outlive the command: they hold nothing of what it was started with. */

#include "base/macro.h"

enum { DETACH_KEEP_MAX = 257 };

/* Closes all descriptors but those of @keep, as below, and the standard streams. */
void detach_close_all_but(const int *keep, size_t n_keep);

/**
 * detach_from_command() - in a forked child: let go of the command's surroundings
 * @keep: descriptors to keep, at most DETACH_KEEP_MAX; -EBADF among them is ignored
 * @name: what the process is called, at most 15 characters
 *
 * All other descriptors are closed, locks and pipes above all; the standard streams lead to /dev/null, the
 * working directory is "/", and the session is its own, so that Ctrl-C and the end of a terminal do not
 * reach it.
 */
void detach_from_command(const int *keep, size_t n_keep, const char *name);

/**
 * detach_run() - run a function in a process that is not our child
 * @keep: as above; what @work uses
 *
 * It ends when @work returns. Signals are as at the start of a program: SIGTERM ends it. Return: 0 or a
 * negative errno, and then there is no such process.
 */
int detach_run(void (*work)(void *userdata), void *userdata, const int *keep, size_t n_keep,
               const char *name);
