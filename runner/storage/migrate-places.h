/* SPDX-License-Identifier: MIT */
#pragma once

/* What there is in `.containers`, and what each of it is to a change of the ids (plan/shift.h). */

#include "context/project.h"
#include "plan/shift.h"

typedef struct MigratePlace {
        char *directory; /* in `.containers`, "." for itself */
        char *name;      /* in that */
        ShiftKind kind;
        bool whole;  /* with all below it */
        bool marked; /* it may have marks of ours (base/own-mark.h) */
        bool roots;  /* it is root's of the host, with root */
} MigratePlace;

typedef struct MigratePlaces {
        MigratePlace *entries;
        size_t n;
        char **useless; /* paths of what no later command needs: leftovers, roots for one start */
} MigratePlaces;

void migrate_places_done(MigratePlaces *places);

/**
 * migrate_places_find() - all of it
 * @project: with its specification, which says whose a volume's files are
 * @own: the user's id
 *
 * FC_EXIT_CONFLICT: containers do not agree about a volume, a restore has not come to its end, or a fresh
 * instance is there.
 */
int migrate_places_find(const Project *project, bool rootless, uint32_t own, MigratePlaces *ret,
                        Error *reterr);
