/* SPDX-License-Identifier: MIT */
#pragma once

/* The life of a fresh instance (context/instance.h): by the process that makes it, for one command. */

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

/* FC_EXIT_CONFLICT for one that has begun as a snapshot, which only its first command holds. @project: an
 * instance, or not. */
int instance_check_update(const Project *project, Error *reterr);
