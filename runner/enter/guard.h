/* SPDX-License-Identifier: MIT */
#pragma once

/* A process that outlives this one for a moment: when we are killed in a way that cannot be handled
 * (SIGKILL, out of memory), it puts right in our place what we left in a container. */

#include <sys/types.h>

#include "base/error.h"

typedef struct Guard {
        pid_t pid;
        int fd;
} Guard;

#define GUARD_NULL ((Guard){.fd = -EBADF})

enum { GUARD_KEEP_MAX = 256 };

/**
 * guard_start() - fork the process
 * @act: what it does when we end without guard_done(); it may use the descriptors of @keep, and nothing that
 *       speaks to another process on our behalf (a bus connection above all)
 * @keep: descriptors that it needs, at most GUARD_KEEP_MAX; -EBADF among them is ignored. All others are
 *        closed in it, so that it does not keep a pipe open whose end another process waits for
 *
 * It is in a session of its own, so that a Ctrl-C that is meant for us does not reach it.
 */
int guard_start(void (*act)(void *userdata), void *userdata, const int *keep, size_t n_keep, Guard *ret,
                Error *reterr);

/* All is well: it ends without doing anything. Waits for that. */
void guard_done(Guard *guard);
