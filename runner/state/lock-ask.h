/* SPDX-License-Identifier: MIT */
#pragma once

/* A command that waits for a lock asks the one that holds it to give up what it starts.
 *
 * The file of the lock carries the request, so only root can make one: for as long as it waits the asker has
 * a lock of its own on a byte of it (fcntl(2), of the open file), and its name is written there. That tells
 * whether the request still holds, also after a kill. What wakes the holder is a byte in a FIFO beside the
 * file: one for those that give up for a restart as well, and one for those that do only for a stop, which
 * no other request wakes. (An inotify instance would wake it as well, but the kernel takes 8 ms to close
 * one.) */

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

/* From now on requests about this lock, which is held, for @least or for more than that are heard; one may
 * have been made before. Until lock_heed_as_event() a request is a SIGTERM, which the caller has blocked:
 * all that can be interrupted stops for it. Where there can be no FIFO no request is heard, and the asker
 * waits. */
void lock_heed_add(LockAsk least, int dir_fd, const char *name, Lock *lock);

/* What a request is then, for an event loop. */
#define LOCK_HEED_SIGNAL SIGIO

/* Blocks that signal, and drops a SIGTERM that was a request; one that means anything else stays. */
void lock_heed_as_event(const Lock *locks, size_t n);

/* Does a command that still waits ask for the lock, for @least or for more than that? @ret: which; its pid
 * is 0 where that is not known. */
bool lock_heed_is_asked(LockAsk least, const Lock *lock, LockHolder *ret);
