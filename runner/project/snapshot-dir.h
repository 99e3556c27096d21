/* SPDX-License-Identifier: MIT */
#pragma once

/* `.containers/snapshots/`: what was kept of containers and their volumes, by label.
 *
 *     LABEL/manifest.json     what there is (state/snapshot-manifest.h)
 *     LABEL/roots/NAME/       root file systems
 *     LABEL/volumes/NAME/
 *     LABEL/NAME.system       to the toplevel that a NixOS root needs, kept from the garbage collector
 *     .new/                   one that is being made, or what a command that was killed has left of that
 *     .restore/               one that is being put in place, see snapshot-apply.h
 *
 * It is root's, who alone can write there: what lies in it is taken as it is. A label has no dot, so that a
 * snapshot is complete or not there. A command that changes anything here holds SNAPSHOTS_LOCK. */

#include "project/state-dir.h"
#include "state/snapshot-manifest.h"

#define SNAPSHOTS_DIR     "snapshots"
#define SNAPSHOTS_NEW     ".new"
#define SNAPSHOTS_RESTORE ".restore"
#define SNAPSHOTS_LOCK    "@snapshots" /* after those of containers, before that of the project */

#define SNAPSHOT_ROOTS   "roots"
#define SNAPSHOT_VOLUMES "volumes"

/* FC_EXIT_USAGE when it cannot name a snapshot. */
int snapshot_label_check(const char *label, Error *reterr);

/* The directory, or `*ret_fd = -EBADF` when there is none. FC_EXIT_CONFLICT when it is not root's. */
int snapshots_open(const StateDir *dir, int *ret_fd, Error *reterr);

/* The same, made when it is missing. Return: the fd. */
int snapshots_make(const StateDir *dir, Error *reterr);

/* The labels of all, sorted; owned by the caller, NULL when there are none. */
int snapshots_list(int fd, char ***ret, Error *reterr);

/* What there is under a name, which is a label or one of the two above; `*ret` NULL: nothing. */
int snapshot_load(int fd, const char *name, SnapshotManifest **ret, Error *reterr);

/* Keeps a snapshot from being removed or put in place, for as long as the fd, or a copy of it, is open. For
 * layers over it. Return: the fd, of its directory. */
int snapshot_hold(int fd, const char *label, Error *reterr);

/* Before that: FC_EXIT_CONFLICT where a fresh instance is laid over it. Until the fd is closed none is. A
 * missing one, or one that is damaged, is `*ret_fd = -EBADF`. */
int snapshot_hold_alone(int fd, const char *label, int *ret_fd, Error *reterr);

/* Raises FC_EXIT_USAGE: there is no such snapshot; with the labels that there are. */
int snapshot_raise_missing(int fd, const char *label, Error *reterr);

/* Begins one: an empty SNAPSHOTS_NEW with a directory each for roots and volumes. What is left there is
 * removed before, and what is in the trash: the copy may need its room. Return: the fd. */
int snapshot_begin(const StateDir *dir, int fd, Error *reterr);

/* Writes what it holds, and waits until all of it is on the disk. */
int snapshot_seal(int new_fd, const SnapshotManifest *manifest, Error *reterr);

/* Gives it its name. */
int snapshot_name(int fd, const char *label, Error *reterr);
