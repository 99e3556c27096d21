/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a container's seed is remembered (state/seed-mark.h): on its root, or the layer that an ephemeral
 * root lives in, and on what is kept in .containers/volumes of all that it writes to: named volumes and
 * overlays. A volume of `up --volume` is not one of these places: it is gone at the next start.
 *
 * That it begins is written on all places, since each may hold a part of it. That it has been done is
 * written on the volumes, or, where there is none, on the root: data stays in volumes when `reset` makes a
 * fresh root, and a root says nothing once its volumes have been taken out of the specification. It has
 * been done where any place says so, the root as well: a volume that is added later does not make it run
 * again. */

#include "context/project.h"
#include "state/seed-mark.h"

typedef struct SeedOutlook {
        bool wanted;  /* it has not been run to its end */
        bool begun;   /* but has begun */
        bool changed; /* it was run to its end, and says something else now */
        bool stale;   /* it is not wanted, but a place says that it has begun there and nothing else was */

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

/* Before a container is used that is not seeded now: what it writes is no longer only what a seed had begun,
 * and must not be thrown away when a seed is wanted again. */
int seed_note_used(Project *project, const ContainerSpec *spec, int container_fd, Error *reterr);

/* Moves aside what the outlook says. The container does not run. */
int seed_discard(const Project *project, const ContainerSpec *spec, int container_fd,
                 const SeedOutlook *outlook, Error *reterr);

/* "a fresh root, fresh @pg", owned by the caller: what is made anew then. */
char *seed_describe_discards(bool root, char *const *volumes);
