/* SPDX-License-Identifier: MIT */
#pragma once

/* The templates that are installed with the program, and what `init` makes of them. */

#include "base/error.h"

typedef struct Starter {
        const char *name;
        const char *file; /* what it is copied to */
        const char *summary;
        const char *const *next; /* what to type then; NULL at the end */
        bool nix;
} Starter;

/* In the order in which they are listed; NULL behind the last. */
const Starter *starter_at(size_t index);

/* All of them, on stdout. */
void starter_print_list(bool json);

/* What was written, or would be, and what to type then; on stderr. */
void starter_say(const Starter *starter, bool dry_run);

/* That of a name. NULL: the one for this machine: with Nix in the user's PATH a flake. */
int starter_choose(const char *name, const Starter **ret, Error *reterr);

/**
 * starter_write() - write it into a directory of a git repository
 * @directory: where; a project that has a specification there already is left as it is
 * @given: it need not be in a repository
 * @dry_run: only look whether it could be
 *
 * As the user who asks, whoever this process is. FC_EXIT_CONFLICT when there is a specification.
 */
int starter_write(const Starter *starter, const char *directory, bool given, bool dry_run, Error *reterr);
