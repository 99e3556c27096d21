/* SPDX-License-Identifier: MIT */
#pragma once

/* A fresh instance of a project: its containers once more, for one command, with nothing of what they have
 * kept so far, or with what a snapshot has.
 *
 * An instance is to the rest of the program what a project is. It has a directory (project/instance-dir.h),
 * by which it is identified, and so an id, machines, a network and locks of its own; plans, fleets and all
 * else work on it through the same Project, in which only the state is another. The specification is changed
 * so that nothing of the host is shared (context/fresh-spec.h). What a snapshot has is not copied: roots and
 * volumes are layers over it, which nothing waits for to be on the disk. (A volume of several containers is
 * copied: two layers cannot have one directory for what is written. So is a NixOS root.) While layers lie
 * over a snapshot it cannot be removed.
 *
 * Its life is that of LOCK_INSTANCE in its directory in /run, which the process that made it holds, from
 * before the directory is made until all is removed. The kernel releases it whatever ends that process. An
 * instance whose lock is not held is dead: the next instance of the project, or `gc`, removes it.
 *
 * At its end nothing is stopped in order: what runs is killed, since all that it could write goes, too. */

#include "context/gc-finds.h"
#include "context/project.h"
#include "state/lock.h"

typedef struct Instance {
        Lock lock;
        int label_fd; /* keeps the snapshot */
} Instance;

#define INSTANCE_NULL ((Instance){.lock = LOCK_NULL, .label_fd = -EBADF})

/**
 * instance_begin() - make a fresh instance, which @project is from then on
 * @names: of the containers that will be started
 * @asked: those of them that were asked for; @named: by name, so that each must be in the snapshot
 * @label: the snapshot; NULL: none
 *
 * Also removes those of the project that are dead. Nothing has been started. When it fails, and when it does
 * not, instance_end() removes what there is.
 */
int instance_begin(Project *project, char *const *names, char *const *asked, bool named, const char *label,
                   Instance *ret, Error *reterr);

/* Kills what runs of it, and removes all that it has. */
int instance_end(Project *project, Instance *instance, Error *reterr);

/* Makes a project that has just been opened an instance that is there; before project_identify(). */
int instance_enter(Project *project, const char *name, Error *reterr);

/* Makes the specification of such a project that of an instance. */
void instance_change_spec(Project *project);

/* FC_EXIT_CONFLICT for one that has begun as a snapshot, which only its first command holds. @project: an
 * instance, or not. */
int instance_check_update(const Project *project, Error *reterr);

typedef struct FoundInstance {
        char *name;
        char *id;
        bool dead;      /* the process that it was made for has ended */
        char **running; /* containers */
} FoundInstance;

typedef struct InstanceList {
        FoundInstance *entries;
        size_t n;
} InstanceList;

void instance_list_done(InstanceList *list);

/* Those of a project, by name. @project: not an instance. Only root can tell which are dead. */
int instance_list(const Project *project, InstanceList *ret, Error *reterr);

/**
 * instance_collect() - remove one that is dead
 * @gc: how; only what it is told is looked at
 * @known: leave it alone when it is known in /run, by which `gc` finds it as well
 * @ret: whether it was dead; with `dry_run` it still is there
 */
int instance_collect(const Project *project, const char *name, const Gc *gc, bool known, bool *ret,
                     Error *reterr);
