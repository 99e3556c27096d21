/* SPDX-License-Identifier: MIT */
#pragma once

/* What is remembered of a container's seed, on the directories that it has filled: an extended attribute,
 * which goes wherever they go (a snapshot, a copy), goes with them, and cannot be set by a guest. It names
 * the container, since containers share volumes. */

#include "base/error.h"

typedef enum SeedPhase {
        SEED_NONE,
        SEED_BEGUN,       /* on data that was there before */
        SEED_BEGUN_FRESH, /* on a directory that the same command had made: nothing else can be in it */
        SEED_DONE,
        _SEED_PHASE_MAX,
} SeedPhase;

typedef struct SeedMark {
        SeedPhase phase;
        uint64_t hash; /* which seed */
} SeedMark;

/* @fd: a directory. What says nothing of that kind is SEED_NONE. */
int seed_mark_read(int fd, const char *container, SeedMark *ret, Error *reterr);

/* It is on the disk when this returns; SEED_DONE only after all that the directory's file system has had to
 * write. FC_EXIT_HOST when the file system has no such attributes. */
int seed_mark_write(int fd, const char *container, SeedMark mark, Error *reterr);

int seed_mark_remove(int fd, const char *container, Error *reterr);

/* Something else may be in the directory from now on: SEED_BEGUN_FRESH becomes SEED_BEGUN, so that no later
 * seed throws it away. */
int seed_mark_demote(int fd, const char *container, Error *reterr);

/* The same for whatever containers there are marks of. */
int seed_mark_demote_all(int fd, Error *reterr);
