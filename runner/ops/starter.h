/* SPDX-License-Identifier: MIT */
#pragma once

/* The templates that are installed with the program, and what `init` makes of them. */

#include "base/error.h"
#include "context/globals.h"

typedef struct Starter {
        const char *name;
        const char *file; /* what it is copied to */
        const char *summary;
        const char *const *next; /* what to type then; NULL at the end */
        bool nix;
} Starter;

/* That of a name. NULL: the one for this machine: with Nix in the user's PATH a flake. */
int starter_choose(const char *name, const Starter **ret, Error *reterr);

/* Its text, as it is written; owned by the caller. */
int starter_text(const Starter *starter, char **ret, Error *reterr);

/* Where it is written: that of `--root`, or the current directory. */
const char *starter_directory(const Globals *globals);

/**
 * starter_write() - write it into a directory of a git repository
 * @text: NULL: the template's
 *
 * As the user who asks, whoever this process is. A project that has a specification there already is left as
 * it is: FC_EXIT_CONFLICT. With `--root` it need not be in a repository, and `--dry-run` only looks whether
 * it
 * could be.
 */
int starter_write(const Starter *starter, const char *text, const Globals *globals, Error *reterr);

/* Prints all of them to stdout. */
void starter_print_list(bool json);

/* What was written, or would be, and what to type then; on stderr. */
void starter_say(const Starter *starter, bool dry_run);

/* Only what to type then. */
void starter_say_next(const Starter *starter);
