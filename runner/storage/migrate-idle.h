/* SPDX-License-Identifier: MIT */
#pragma once

/* That nothing of a project runs and no command works on it, in the way that it has been in so far. Root
 * sees a user's way from outside: the locks are in the user's runtime directory, and the machines in the
 * user's control group. */

#include "context/locks.h"
#include "context/project.h"
#include "state/lock.h"

typedef struct MigrateIdle {
        char **names; /* all containers that there are */
        Lock *locks;  /* one for each */
        Lock snapshots;
        int runtime_fd; /* -EBADF: no command has been there since the boot */
} MigrateIdle;

#define MIGRATE_IDLE_NULL ((MigrateIdle){.runtime_fd = -EBADF, .snapshots = LOCK_NULL})

/**
 * migrate_idle_lock() - one change of a project at a time
 * @ret: held to the end; lock_release()
 *
 * Before the record of project/migration.h is read: by an old one, what has been changed meanwhile would be
 * changed again. FC_EXIT_CONFLICT: another command is at it.
 */
int migrate_idle_lock(const Project *project, Lock *ret, Error *reterr);

void migrate_idle_done(MigrateIdle *idle);

/**
 * migrate_idle_hold() - keep commands out, and look that nothing runs
 * @rootless: whether that is the user's way
 *
 * Commands that come later refuse by themselves: the file of project/migration.h is there by now.
 * FC_EXIT_CONFLICT: a container runs.
 */
int migrate_idle_hold(const Project *project, bool rootless, Progress *progress, MigrateIdle *ret,
                      Error *reterr);
