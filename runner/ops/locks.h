/* SPDX-License-Identifier: MIT */
#pragma once

/* The locks of several containers, taken in the order of names: two commands that take several must not wait
 * for each other. */

#include "screen/progress.h"
#include "state/lock.h"

/**
 * locks_take() - wait until no other command works on any of the containers
 * @runtime_fd: the project's directory in /run
 * @verb: what a command that waits for them is told
 * @ret: one for each of @names, owned by the caller, to be freed by locks_free()
 */
int locks_take(int runtime_fd, const char *verb, char *const *names, Progress *progress, Lock **ret,
               Error *reterr);
Lock *locks_free(Lock *locks, size_t n);

/* "waiting for 'VERB' (pid N)", for who waits for a lock. Owned by the caller. */
char *lock_describe_wait(const LockHolder *holder);
