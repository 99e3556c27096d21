/* SPDX-License-Identifier: MIT */
#pragma once

/* Filters of system calls, seccomp(2): what our own programs that others can reach confine themselves by,
 * and guests without root. A library of its own, so that nothing else carries libseccomp. */

#include <seccomp.h>

#include "base/error.h"

/* Answers a set of system calls. @names: with one space between them; each means its variants for 32 bits as
 * well ("chown" chown32, "stat" stat64, "futex" futex_time64). What an architecture or the library does not
 * know is left out. Return: 0 or a negative errno. */
int call_filter_add(scmp_filter_ctx filter, uint32_t action, const char *names);

/**
 * call_filter_load() - load a filter for this thread and all that comes of it
 * @others: the answer, SCMP_ACT_*, to what @fill does not name
 * @fill: sets what differs from libseccomp's defaults, and adds the rules. Return: 0 or a negative errno
 */
int call_filter_load(uint32_t others, int (*fill)(scmp_filter_ctx filter, const void *userdata),
                     const void *userdata, Error *reterr);
