/* SPDX-License-Identifier: MIT */
#pragma once

/* A draft as a flake.nix: the template that `init` writes, with other containers. */

#include "import/draft.h"

/**
 * flake_text() - the text of the flake
 * @frame: the template, from which inputs, systems and the state version are taken
 * @ret: owned by the caller
 *
 * FC_EXIT_INTERNAL when the template is not as it was made.
 */
int flake_text(const Draft *draft, const char *frame, char **ret, Error *reterr);
