/* SPDX-License-Identifier: MIT */
#pragma once

/* Which work trees use a shared container (context/shared.h), and which of them has defined it as it runs.
 *
 * A work tree uses one from an `up` on to a `down`, and the last `down` stops it. What each has to say of
 * it may differ: it runs as the work tree defines it that has started it, whose `up` changes it; that of
 * another one leaves it as it is and tells, and `restart` takes it over. This is known until the host is
 * booted anew, in files of state/work-trees.h:
 *
 *     /run/flake-containers/ID/@shared.NAME       who uses it
 *     /run/flake-containers/ID/NAME/worktree      who has started it
 *     .containers/NAME/worktree                   the same, and after a reboot
 *
 * A container is shared when this work tree's specification says so, or when that file says that a work tree
 * uses it: branches differ, and a specification may be missing.
 *
 * LOCK_SHARED is held while a use is written, and from the look whether other work trees use what is to be
 * stopped until it has stopped. It is never held over a question or a hook. A command that removes holds the
 * containers' locks when it looks (removal_apply()): `up` writes its use before it takes them. */

#include "context/project.h"
#include "state/lock.h"

/* From here on the project's work tree uses those of @names that are shared. @ret: those that it has not
 * used yet, owned by the caller; may be NULL. */
int shared_use(const Project *project, char *const *names, const char *verb, char ***ret, Error *reterr);

/* The other work trees that use it; owned by the caller, NULL: there are none. */
int shared_find_users(const Project *project, const char *name, char ***ret, Error *reterr);

/* Whether it is another work tree's, which has not been removed, if not of this one's specification: that
 * uses it, or has started it last, which is known after a reboot as well. */
int shared_is_of_others(const Project *project, const char *name, bool *ret, Error *reterr);

/* Those of @names that others use as well, which is told; owned by the caller. */
int shared_find_kept(const Project *project, char *const *names, char ***ret, Error *reterr);

/* FC_EXIT_CONFLICT when another work tree uses one of them. */
int shared_refuse_used(const Project *project, char *const *names, Error *reterr);

/* ---- stopping ---- */

/* What is being stopped, and not used by this work tree any more when it has stopped. */
typedef struct SharedStop {
        Lock lock;
        int fd; /* of the project's directory in /run; -EBADF: none of them is shared */
        char **names;
} SharedStop;

#define SHARED_STOP_NULL ((SharedStop){.lock = LOCK_NULL, .fd = -EBADF})

/* Ends it without a change. */
void shared_stop_done(SharedStop *stop);

/**
 * shared_stop_begin() - keep other work trees from beginning to use what is to be stopped
 * @names: loses those that other work trees use, which is told, and which this one does not use any more
 * @ret: to be emptied by shared_stop_done(), which lets them go on
 */
int shared_stop_begin(const Project *project, char ***names, const char *verb, SharedStop *ret,
                      Error *reterr);

/* The same where all of them have to be stopped: FC_EXIT_CONFLICT when another work tree uses one. */
int shared_stop_begin_all(const Project *project, char *const *names, const char *verb, SharedStop *ret,
                          Error *reterr);

/* Their stop has come to its end. @r: how. Return: that, or what goes wrong here where that went well. */
int shared_stop_end(const Project *project, const SharedStop *stop, int r, Error *reterr);

/* ---- defining ---- */

/* It starts, as the project's specification defines it. @runtime_fd, @container_fd: the container's. */
int shared_note_definer(const Project *project, const char *name, int runtime_fd, int container_fd,
                        Error *reterr);

/* The other work tree that defines it as it runs. @ret: owned by the caller, NULL: there is none. */
int shared_find_definer(const Project *project, const char *name, char **ret, Error *reterr);
