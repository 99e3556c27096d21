/* SPDX-License-Identifier: MIT */
#pragma once

/* How trees below `.containers` are removed: one rename moves a tree into `.containers/.trash/`, which only
 * root can enter, and there it is taken apart. So from one moment on it is not there any more, whole; no
 * program can exchange anything in it while root works on it; and what a command that was killed has left
 * there is removed by the next one that calls trash_empty(). No container or volume can have that name. */

#include "base/fs.h"

#define TRASH_DIR ".trash"

/**
 * trash_put() - move a tree, or a file, aside
 * @state_fd: `.containers`
 * @dir_fd: it, or a directory below it; what is moved is on the same file system
 * @name: one name in that directory; a missing one is success
 *
 * FC_EXIT_CONFLICT, and nothing is changed, when something is mounted at or below it, or when `.trash` is
 * not root's alone. The caller holds what orders the use of the tree, and calls trash_empty() when it has
 * time.
 */
int trash_put(int state_fd, int dir_fd, const char *name, Error *reterr);

/* Is there anything to be removed, or being removed? One system call. */
bool trash_is_used(int state_fd);

/* Has a command that was killed left something? Not where another one is at it. */
bool trash_is_left(int state_fd);

/**
 * trash_empty() - remove what has been moved aside, by this command or another one
 * @wait: while another process does so; otherwise it is left to that one
 * @watch: may be NULL: a pending interrupt ends it, see process_is_interrupted()
 *
 * What goes wrong changes nothing else: the next call goes on.
 */
int trash_empty(int state_fd, bool wait, FsRemoveWatch watch, void *userdata, Error *reterr);

/**
 * trash_empty_behind() - the same by a process that goes on when this command has ended
 *
 * trash_empty() waits for it, and SIGTERM ends it. What goes wrong in it, the next call finds again. A
 * `.trash` that is not root's alone is refused here.
 */
int trash_empty_behind(int state_fd, Error *reterr);
