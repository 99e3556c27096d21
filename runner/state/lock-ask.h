/* SPDX-License-Identifier: MIT */
#pragma once

/* A command that waits for a lock asks the one that holds it to give up what it starts.
 *
 * The file of the lock carries the request, so only root can make one: for as long as it waits the asker has
 * a lock of its own on a byte of it (fcntl(2), of the open file), and then writes its name. The first tells
 * whether the request still holds, also after a kill; the second wakes the holder. */

#include "state/lock.h"

typedef enum LockAsk {
        LOCK_ASK_NOTHING,
        LOCK_ASK_RESTART, /* the container is going to be started anew */
        LOCK_ASK_STOP,    /* it is going to be stopped */
} LockAsk;

/**
 * lock_ask() - ask the holder of a lock
 * @ret_fd: the request holds until it is closed
 */
int lock_ask(int dir_fd, const char *name, const char *verb, LockAsk ask, int *ret_fd, Error *reterr);

/* What a holder listens by. */
typedef struct LockHeed {
        int fd;        /* readable when the file of a lock has been written to */
        LockAsk least; /* what it gives up for, and what is more than that */
} LockHeed;

#define LOCK_HEED_NULL ((LockHeed){.fd = -EBADF})

/* Until lock_heed_as_event() a request also is a SIGTERM, which the caller has blocked: all that can be
 * interrupted stops for it. Where the kernel does not allow another inotify instance, no request is heard,
 * and the asker waits. */
void lock_heed_open(LockHeed *heed, LockAsk least);

/* Drops a SIGTERM that was a request; one that a process has sent stays. */
void lock_heed_as_event(LockHeed *heed);
void lock_heed_close(LockHeed *heed);

/* From now on requests about this lock are heard; one may have been made before. */
void lock_heed_add(const LockHeed *heed, const Lock *lock);

/* Forgets what woke it. */
void lock_heed_drain(const LockHeed *heed);

/* Does a command ask for it that still waits? @ret: which; its pid is 0 where that is not known. */
bool lock_heed_is_asked(const LockHeed *heed, const Lock *lock, LockHolder *ret);
