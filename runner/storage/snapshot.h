/* SPDX-License-Identifier: MIT */
#pragma once

/* Snapshots of what containers keep: their roots and their volumes. Where they lie:
 * project/snapshot-dir.h. What puts them back starts and stops containers: ops/snapshot-restore.h. */

#include "context/project.h"
#include "state/lock.h"
#include "state/snapshot-manifest.h"

/**
 * snapshot_save() - keep what containers have now, under a label
 * @operands: names and, last, the label; without names it is the whole project
 *
 * What runs is frozen for as long as the copy takes (running/freeze.h), also what else has one of the
 * volumes mounted. Return: the exit status.
 */
int snapshot_save(const ProjectRequest *request, char *const *operands, Error *reterr);

/* Is what has just been shown to go? Return: 1 yes, 0 no, or a negative errno. */
typedef int (*SnapshotAsk)(void *userdata, Error *reterr);

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

/* Adds to @names those containers that have the volume mounted (context/named-volumes.h). */
int snapshot_add_users(Project *project, char *const *known, const char *volume, char ***names,
                       Error *reterr);
