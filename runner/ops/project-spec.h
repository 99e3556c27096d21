/* SPDX-License-Identifier: MIT */
#pragma once

/* Finds the file with the specification, for project-open.c. */

#include "ops/project.h"

/* The path, in this order: `--spec`, ROOT/flake-containers.json, what Nix builds of ROOT/flake.nix: of
 * its present state for verbs that ask for that, else what was built last. Owned by the caller; it need
 * not exist. */
int project_find_spec(const ProjectRequest *request, const char *root, const InvokingUser *user,
                      ProgressMode mode, char **ret, Error *reterr);

/* Whether the specification asks for that: not one that is missing or wrong, of which the verb is to tell.
 * What cannot be told is an error. */
int project_spec_is_rootless(const char *path, bool *ret, Error *reterr);
