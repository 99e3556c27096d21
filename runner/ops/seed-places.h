/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a container's seed is remembered: on its root, or the layer that an ephemeral root lives in, and on
 * each named volume that it writes to (state/seed-mark.h). Data stays in volumes when a root goes, so where
 * there is such a volume, only volumes say that it has been seeded. */

#include "ops/project.h"
#include "state/seed-mark.h"

typedef struct SeedOutlook {
        bool wanted;  /* it has not been run to its end */
        bool begun;   /* but has begun */
        bool changed; /* it was run to its end, and says something else now */

        /* What holds nothing but such a beginning: made by the same command, and of no other container. */
        bool discards_root;
        char **discards_volumes;
} SeedOutlook;

void seed_outlook_done(SeedOutlook *outlook);

static inline bool seed_outlook_discards(const SeedOutlook *outlook) {
        return outlook->discards_root || outlook->discards_volumes;
}

/* @container_fd: `.containers/NAME`, or -EBADF. Nothing is wanted of a container without a seed. */
int seed_look(Project *project, const ContainerSpec *spec, int container_fd, SeedOutlook *ret,
              Error *reterr);

/* Remembers that it begins. @fresh_root, @fresh_volumes: what this command has made. */
int seed_note_begin(Project *project, const ContainerSpec *spec, int container_fd, bool fresh_root,
                    char *const *fresh_volumes, Error *reterr);

/* Remembers that it has come to its end. */
int seed_note_done(Project *project, const ContainerSpec *spec, int container_fd, Error *reterr);

/* Moves aside what the outlook says. The container does not run. */
int seed_discard(const Project *project, const ContainerSpec *spec, int container_fd,
                 const SeedOutlook *outlook, Error *reterr);

/* "a fresh root, fresh @pg", owned by the caller: what is made anew then. */
char *seed_describe_discards(bool root, char *const *volumes);
