/* SPDX-License-Identifier: MIT */
#pragma once

/* Puts back what snapshots have. What runs of it is stopped meanwhile. */

#include "storage/snapshot.h"

/**
 * snapshot_restore() - put back what a snapshot has, or its part of some containers
 * @operands: as for snapshot_save()
 * @move: the snapshot itself takes that place, and is gone: nothing is copied
 *
 * What runs of it is stopped meanwhile, and started again. Return: the exit status.
 */
int snapshot_restore(const ProjectRequest *request, char *const *operands, bool move, Error *reterr);

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

/* Restores the part of some containers, each of which is in the snapshot. @fresh: refuse when anything of it
 * is there by then. Return: the exit status, or a negative errno. */
int snapshot_restore_part(Project *project, char *const *names, const char *label, bool fresh,
                          Error *reterr);
