/* SPDX-License-Identifier: MIT */
#pragma once

/* The restore of a snapshot, from the moment on at which it counts.
 *
 * What is to be put in place lies in `snapshots/.restore`, itself a snapshot (snapshot-dir.h): it got there
 * by one rename, which is that moment. From then on each tree is exchanged by two renames: the old one goes
 * to the trash, the other one takes its place. When all have been, `.restore` goes to the trash. A command
 * that is killed in between has left what the next one goes on with, and nothing that has been restored is
 * started before: the result is old or new, never a mix. */

#include "project/snapshot-dir.h"

/* Is one half done? One system call. */
int snapshot_apply_is_pending(const StateDir *dir, bool *ret, Error *reterr);

/* What there is already of what would be put in place: adds a line each to @ret. */
int snapshot_apply_find(const StateDir *dir, const SnapshotManifest *manifest, char ***ret, Error *reterr);

/* Refuses what could not be exchanged: trees below which something is mounted. Before the moment. */
int snapshot_apply_check(const StateDir *dir, const SnapshotManifest *manifest, Error *reterr);

/* The moment: the snapshot @name, a label or SNAPSHOTS_NEW, is going to be in place, whole. */
int snapshot_apply_begin(int snapshots_fd, const char *name, Error *reterr);

/* Does, or goes on with, what is pending; without that it does nothing. SNAPSHOTS_LOCK is held, and nothing
 * that is restored runs. */
int snapshot_apply_finish(const StateDir *dir, Error *reterr);
