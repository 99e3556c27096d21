/* SPDX-License-Identifier: MIT */
#pragma once

/* That what a project keeps is on its way from root's way to the user's, or back (storage/migrate.h): a file
 * in `.containers`, as long as that lasts. It is the user's, who can change it, and with it spoil what is
 * the user's. */

#include "project/state-dir.h"

#define MIGRATION_FILE   ".migrating"
#define MIGRATION_PASSES 2

typedef struct Migration {
        bool rootless;           /* to that way */
        bool changing;           /* it is not only looked whether it can be */
        unsigned pass;           /* of MIGRATION_PASSES, which has begun */
        uint32_t uid, gid;       /* the user's */
        uint32_t subuid, subgid; /* the first subordinate ones */
} Migration;

/* Return: whether it is one. Pure. */
bool migration_parse(const char *text, Migration *ret);

/* Owned by the caller. Pure. */
char *migration_print(const Migration *migration);

/* @ret_there: whether one is on its way. FC_EXIT_CONFLICT: the file says something else. */
int migration_read(const StateDir *dir, bool *ret_there, Migration *ret, Error *reterr);

/* On the disk, and all that was changed before, when it returns. */
int migration_write(const StateDir *dir, const Migration *migration, Error *reterr);

int migration_remove(const StateDir *dir, Error *reterr);
