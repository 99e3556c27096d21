/* SPDX-License-Identifier: MIT */
#pragma once

/* One command at a time: a lock for each container, and one for what a project shares (network, project
 * state). It only orders commands, it goes with its holder: whether a container runs is asked of its cgroup.
 * A command that takes several takes the containers' in the order of their names and the project's last,
 * else two could wait for each other. */

#include <sys/types.h>

#include "base/error.h"

#define LOCK_PROJECT  "@project" /* no container can be called so */
#define LOCK_SHARED   "@shared"  /* before those of containers (context/shared-use.h) */
#define LOCK_VOLUMES  "@volumes"
#define LOCK_MIGRATE  "@migrate"  /* before all others */
#define LOCK_INSTANCE "@instance" /* of a fresh instance: by what it lives for */
#define LOCK_VERB_MAX 32

/* The file has a name at each of these places, and zeros behind it. */
#define LOCK_HOLDER_OFFSET 0
#define LOCK_ASKER_OFFSET  64 /* of a command that asks the holder for something (state/lock-ask.h) */

typedef struct Lock {
        int fd;
        int ask_fd; /* wakes the holder, see state/lock-ask.h */
} Lock;

#define LOCK_NULL ((Lock){-EBADF, -EBADF})

typedef struct LockHolder {
        pid_t pid; /* 0: not known (it has only just taken the lock) */
        char verb[LOCK_VERB_MAX];
} LockHolder;

/* Reads the text of a lock's file. Return: whether it names a holder, which may be gone. Pure. */
bool lock_holder_parse(const char *text, LockHolder *ret);

/* The process that stands at one of those places, if it is there. */
void lock_read_process(int fd, off_t offset, LockHolder *ret);

/* Called at most once, when another command holds the lock and is going to be waited for. */
typedef void (*LockWaitFunc)(const LockHolder *holder, void *userdata);

/**
 * lock_acquire() - take the lock NAME.lock in a directory, flock(2)
 * @dir_fd: the project's runtime directory
 * @name: a container's name or LOCK_PROJECT
 * @verb: who we are, for others to read ("up")
 * @timeout_usec: relative; 0: do not wait, UINT64_MAX: for ever
 * @on_wait: may be NULL
 * @ret: lock_release() gives it back, as the end of the process does
 *
 * The file is made when missing and never removed: removing a lock file that others wait for makes two locks
 * of one. FC_EXIT_CONFLICT naming the holder when the time has passed. FC_EXIT_INTERRUPTED when SIGINT,
 * SIGTERM or SIGHUP are blocked (for an event loop that does not run yet) and one becomes pending; it stays
 * pending.
 */
int lock_acquire(int dir_fd, const char *name, const char *verb, uint64_t timeout_usec, LockWaitFunc on_wait,
                 void *userdata, Lock *ret, Error *reterr);

/* Does nothing for LOCK_NULL. */
void lock_release(Lock *lock);

/* Waits for flock(2) of an open file. @operation: LOCK_EX or LOCK_SH. Return: 1 locked, 0 the deadline
 * (CLOCK_MONOTONIC; UINT64_MAX: none) has passed, negative errno; FC_EXIT_INTERRUPTED as above. */
int lock_wait(int fd, int operation, const char *name, uint64_t deadline, Error *reterr);

/* False when the file has been removed: the next command would make and lock another one. */
bool lock_is_current(int dir_fd, const char *file, int fd);
