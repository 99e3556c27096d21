/* SPDX-License-Identifier: MIT */
#pragma once

/* Which state of a flake was built to which specification: `.containers/flake-containers.built`. With it
 * a command whose flake has not changed need not evaluate it.
 *
 * Nix evaluates a flake purely: what comes out depends on HEAD and the files that git tracks, on the
 * inputs that the lock file names, and on Nix and its settings. All that is one number
 * (flake_record_hash()). Nothing is recorded where that number is in doubt: with a lock file that does
 * not name all inputs, with submodules, after an impure evaluation, with a file that has only just
 * changed. */

#include "context/nix.h"
#include "project/state-dir.h"

typedef struct FlakeHash {
        uint64_t value;
        bool known;   /* there is one ... */
        bool settled; /* ... and what changes from now on gives another */
} FlakeHash;

/* Of the flake in `nix->directory`, as it is now. */
FlakeHash flake_record_hash(const Nix *nix);

/* The specification that @names ("*": all) had at @hash, if it is in the store still. Owned by the caller;
 * NULL: there is none. */
char *flake_record_find(const StateDir *state, FlakeHash hash, const char *names);

/**
 * flake_record_add() - remember that Nix has made @path for @names
 * @before: the flake's hash before that; nothing is recorded when it is another one now
 *
 * What cannot be recorded is evaluated again.
 */
void flake_record_add(const StateDir *state, const Nix *nix, FlakeHash before, const char *names,
                      const char *path);
