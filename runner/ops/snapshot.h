/* SPDX-License-Identifier: MIT */
#pragma once

/* Snapshots of what containers keep: their roots and their volumes. Where they lie:
 * project/snapshot-dir.h. */

#include "ops/project.h"
#include "state/lock.h"
#include "state/snapshot-manifest.h"

/**
 * snapshot_save() - keep what containers have now, under a label
 * @operands: names and, last, the label; without names it is the whole project
 *
 * What runs is frozen for as long as the copy takes (ops/freeze.h), also what else has one of the volumes
 * mounted. Return: the exit status.
 */
int snapshot_save(const ProjectRequest *request, char *const *operands, Error *reterr);

/**
 * snapshot_restore() - put back what a snapshot has, or its part of some containers
 * @operands: likewise
 * @move: the snapshot itself takes that place, and is gone: nothing is copied
 *
 * What runs of it is stopped meanwhile, and started again. Return: likewise.
 */
int snapshot_restore(const ProjectRequest *request, char *const *operands, bool move, Error *reterr);

/* Is what has just been shown to go? Return: 1 yes, 0 no, or a negative errno. */
typedef int (*SnapshotAsk)(void *userdata, Error *reterr);

/**
 * snapshot_start_from() - what `up --from` does before it starts anything
 * @names: what will be brought up; @asked: those of them that the user wants
 * @named: by name, so that each must be in the snapshot
 * @ask: is called when something is there already that would be replaced
 *
 * The snapshot's part of them is put in place: of those that were asked for, and of what they depend on and
 * has nothing yet. Return: the exit status, FC_EXIT_OK to go on with.
 */
int snapshot_start_from(Project *project, char *const *names, char *const *asked, bool named,
                        const char *label, SnapshotAsk ask, void *userdata, Error *reterr);

/* Prints which there are. */
int snapshot_list(const ProjectRequest *request, Error *reterr);

/* Prints their labels, a line each. */
int snapshot_list_labels(const ProjectRequest *request, Error *reterr);

/* Removes some, after a question. */
int snapshot_remove(const ProjectRequest *request, char *const *labels, SnapshotAsk ask, void *userdata,
                    Error *reterr);

/* ---- for the verbs that start what a snapshot may be about ---- */

/* Ends a restore that was killed, if there is one. The locks of the containers that the command is about to
 * start are held. One system call where there is none. */
int snapshot_settle(const Project *project, int runtime_fd, Progress *progress, Error *reterr);

/* ---- what their files share ---- */

/* Takes SNAPSHOTS_LOCK, and ends such a restore. */
int snapshot_lock(const Project *project, int runtime_fd, Progress *progress, Lock *ret, Error *reterr);

/* The last of the operands, and the names before it: borrowed, owned by the caller. */
int snapshot_split_operands(char *const *operands, char ***ret_names, const char **ret_label, Error *reterr);

/* Restores the part of some containers, each of which is in the snapshot. @fresh: refuse when anything of it
 * is there by then. Return: the exit status, or a negative errno. */
int snapshot_restore_part(Project *project, char *const *names, const char *label, bool fresh,
                          Error *reterr);

/* Adds to @names those containers that have the volume mounted (ops/named-volumes.h). */
int snapshot_add_users(Project *project, char *const *known, const char *volume, char ***names,
                       Error *reterr);
