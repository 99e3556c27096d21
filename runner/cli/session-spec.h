/* SPDX-License-Identifier: MIT */
#pragma once

/* For session.c: which file is the specification. */

#include "cli/session.h"

/* Where it is, in this order: what `--spec` names, ROOT/flake-containers.json, what ROOT/flake.nix makes: as
 * it is now for verbs that want it so, else as it was built last. Owned by the caller; it need not exist. */
int session_find_spec(const Globals *globals, const char *root, const InvokingUser *user, ProgressMode mode,
                      char **ret, Error *reterr);
