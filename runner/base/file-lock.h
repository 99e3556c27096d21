/* SPDX-License-Identifier: MIT */
#pragma once

/* flock(2) with a deadline. */

#include "base/error.h"

/**
 * file_lock_wait() - take a lock that another process may hold
 * @operation: LOCK_SH or LOCK_EX
 * @deadline_usec: CLOCK_MONOTONIC, UINT64_MAX: none
 *
 * Return: 1 it is ours, 0 the time has passed; -EINTR: interrupted, see child_run(); another negative errno.
 */
int file_lock_wait(int fd, int operation, uint64_t deadline_usec);

/* One that is held for milliseconds, by what may have been stopped or wait for the kernel. @what: in words,
 * for the error; FC_EXIT_CONFLICT when it is still held after FILE_LOCK_USEC. */
int file_lock_take(int fd, int operation, const char *what, Error *reterr);

#define FILE_LOCK_USEC (30 * USEC_PER_SEC)
