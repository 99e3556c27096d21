/* SPDX-License-Identifier: MIT */
#pragma once

/* What is said of a snapshot. Pure. */

#include "state/snapshot-manifest.h"

/* "db, web; volumes pg, cache", for people; owned by the caller. */
char *snapshot_describe(const SnapshotManifest *manifest);

/* FC_EXIT_USAGE: the snapshot does not have that container; with those that it has. */
int snapshot_raise_without(const SnapshotManifest *manifest, const char *label, const char *name,
                           Error *reterr);
