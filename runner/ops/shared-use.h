/* SPDX-License-Identifier: MIT */
#pragma once

/* Which work trees use a shared container (ops/shared.h), and which of them has defined it as it runs.
 *
 * A work tree uses one from an `up` on to a `down`, and the last `down` stops it. What each has to say of
 * it may differ: it runs as the work tree defines it that has started it, whose `up` changes it; that of
 * another one leaves it as it is and tells, and `restart` takes it over. Both are known until the host is
 * booted anew:
 *
 *     /run/flake-containers/ID/@shared.NAME       who uses it
 *     /run/flake-containers/ID/NAME/worktree      who has started it
 *
 * Paths, each with a NUL behind it. A work tree whose directory is gone does not count. */

#include "ops/project.h"
#include "state/lock.h"

#define LOCK_SHARED "@shared" /* before those of containers */

/* From here on the project's work tree uses those of @names that are shared. @ret: those that it has not
 * used yet, owned by the caller; may be NULL. */
int shared_use(const Project *project, char *const *names, const char *verb, char ***ret, Error *reterr);

/**
 * shared_give_back() - from here on it does not use them
 * @names: what is to be stopped; loses those that other work trees use, which is told
 * @ret: keeps others from beginning to use them until that is done; lock_release()
 */
int shared_give_back(const Project *project, char ***names, const char *verb, Lock *ret, Error *reterr);

/* Those of @names that others use as well, told as above, and nothing changed; owned by the caller. */
char **shared_find_kept(const Project *project, char *const *names);

/* The other work trees that use it; owned by the caller, NULL: there are none. */
char **shared_find_users(const Project *project, const char *name);

/* Is a work tree using it? Of any container. */
bool shared_is_used(const Project *project, const char *name);

/* It starts, as the project's specification defines it. @runtime_fd: the container's. */
int shared_note_definer(const Project *project, int runtime_fd, Error *reterr);

/* The other work tree that defines it as it runs. @ret: owned by the caller, NULL: there is none. */
int shared_find_definer(const Project *project, const char *name, char **ret, Error *reterr);
