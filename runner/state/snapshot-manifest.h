/* SPDX-License-Identifier: MIT */
#pragma once

/* What a snapshot holds: `manifest.json` in its directory, written when all else is there. To JSON and back;
 * pure. Read as strictly as other state: see state-document.h. */

#include "base/error.h"
#include "base/strv.h"

typedef struct SnapshotContainer {
        char *name;
        bool root;    /* its root file system is there; it had none otherwise */
        bool running; /* it ran meanwhile, frozen */
        uint64_t bytes;
        char **definition; /* what it was started with last, see ContainerState; NULL: never */
} SnapshotContainer;

typedef struct SnapshotVolume {
        char *name;
        uint64_t bytes;
        char **containers; /* those that had it mounted, as they were specified */
} SnapshotVolume;

typedef struct SnapshotManifest {
        uint64_t saved_usec; /* CLOCK_REALTIME */
        bool whole;          /* of all containers and volumes that there were */
        SnapshotContainer *containers;
        size_t n_containers;
        SnapshotVolume *volumes;
        size_t n_volumes;
} SnapshotManifest;

SnapshotManifest *snapshot_manifest_free(SnapshotManifest *manifest);
DEFINE_FREEP(SnapshotManifest, snapshot_manifest_free);

/* @name: the file, for messages. FC_EXIT_CONFLICT with the place of the first mistake. */
int snapshot_manifest_parse(const char *text, size_t size, const char *name, SnapshotManifest **ret,
                            Error *reterr);

/* Owned by the caller. */
char *snapshot_manifest_print(const SnapshotManifest *manifest);

/* NULL: it does not have that one. */
const SnapshotContainer *snapshot_manifest_container(const SnapshotManifest *manifest, const char *name);

/* A copy of what it says about some containers, and about volumes that these have; owned by the caller. */
SnapshotManifest *snapshot_manifest_select(const SnapshotManifest *manifest, char *const *names);

uint64_t snapshot_manifest_bytes(const SnapshotManifest *manifest);
