/* SPDX-License-Identifier: MIT */
#pragma once

/* The list of store paths that system.closure names, as Nix's closureInfo makes it: one a line. */

#include "base/error.h"

#define CLOSURE_SIZE_MAX (4 * 1024 * 1024)

/**
 * closure_parse() - the names of the paths, without the store's
 * @store: where all of them lie
 * @toplevel: has to be among them
 * @ret_names: in the order of the list; owned by the caller
 *
 * FC_EXIT_USAGE with the line's number for what is not a path of the store, and for one that is given
 * twice.
 */
int closure_parse(const char *text, size_t size, const char *store, const char *toplevel, char ***ret_names,
                  Error *reterr);
