/* SPDX-License-Identifier: MIT */
#pragma once

/* The specification that a flake makes: nix(1) builds it, always as the user. */

#include "host/user.h"
#include "screen/progress.h"

/* Has the project a flake? */
bool flake_exists(const char *root);

/* Where the specification that was built last is linked; owned by the caller. */
char *flake_built_link(const char *root);

/**
 * flake_build() - nix build ROOT#flake-containers.spec, unless that is known to be what it was
 * (flake-record.h)
 * @invoking: who runs it; root builds as the owner of the project
 * @names: only these containers and what they need; NULL or none: all
 * @keep: leave a link in `.containers`, which is made when it is missing: for verbs that do not build, and
 * against garbage collection. Otherwise nothing in the project changes
 * @mode: what Nix says is shown as our progress is; with PROGRESS_QUIET and PROGRESS_JSON it is said only
 * when it
 * fails
 * @ret_path: the file in the store; owned by the caller
 *
 * FC_EXIT_USAGE when Nix refuses, having said why. SIGINT, SIGTERM and SIGHUP end Nix, and are
 * FC_EXIT_INTERRUPTED.
 */
int flake_build(const char *root, const InvokingUser *invoking, char *const *names, bool keep,
                ProgressMode mode, char **ret_path, Error *reterr);
