/* SPDX-License-Identifier: MIT */
#pragma once

/* Work that may block for ever runs in a child: that needs no timer signal, disturbs no event loop, and ends
 * whenever we like. */

#include "base/macro.h"

/**
 * child_run() - run a function in a child until it is done, but not longer than until a deadline
 * @deadline_usec: CLOCK_MONOTONIC, UINT64_MAX: none
 *
 * The child shares open files and nothing else that it does not map; all signals are blocked in it, and it
 * does not outlive us.
 * Return: 1 it has ended, in whatever way; 0 the time has passed; -EINTR: SIGINT, SIGTERM or SIGHUP, blocked
 * by us, is pending; another negative errno. It has ended in any case.
 */
int child_run(void (*work)(void *userdata), void *userdata, uint64_t deadline_usec);
