/* SPDX-License-Identifier: MIT */
#pragma once

/* The locks of several containers, taken in the order of names: two commands that take several must not wait
 * for each other. */

#include "screen/progress.h"
#include "state/lock-ask.h"

typedef struct LocksRequest {
        int runtime_fd;   /* the project's directory in /run */
        const char *verb; /* what a command that waits for them is told */
        char *const *names;
        Progress *progress;
        LockAsk ask;  /* what is asked of commands that have them */
        LockAsk heed; /* the least that this one gives up for; LOCK_ASK_NOTHING: it goes on in any case */
} LocksRequest;

/**
 * locks_take() - wait until no other command works on any of the containers
 * @ret: one for each of the names, owned by the caller, to be freed by locks_free()
 *
 * FC_EXIT_INTERRUPTED also when another command asks for one of those that have been taken.
 */
int locks_take(const LocksRequest *request, Lock **ret, Error *reterr);

/* Makes an interrupt that was a request of another command one that says so. @locks: one for each of @names,
 * or NULL. Return: @r. */
int locks_explain_interrupt(LockAsk heed, const Lock *locks, char *const *names, int r, Error *reterr);

/* "'VERB' (pid N)", or "another command"; owned by the caller. */
char *lock_holder_to_string(const LockHolder *holder);

/* As long as a command waits for another one, which ends within its own deadlines. */
#define LOCKS_TIMEOUT_USEC (120 * USEC_PER_SEC)

Lock *locks_free(Lock *locks, size_t n);

/* "waiting for 'VERB' (pid N)", for who waits for a lock. Owned by the caller. */
char *lock_describe_wait(const LockHolder *holder);
