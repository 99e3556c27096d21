/* SPDX-License-Identifier: MIT */
#pragma once

/* Snapshots as a list, for people and as JSON. */

#include "state/snapshot-manifest.h"

/* {"snapshots": [..]}, see docs/JSON.md. @manifests: one for each label. */
int snapshot_list_print_json(const char *const *labels, SnapshotManifest *const *manifests, size_t n,
                             Error *reterr);
