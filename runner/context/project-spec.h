/* SPDX-License-Identifier: MIT */
#pragma once

/* Finds the file with the specification, for project-open.c. */

#include "context/project.h"

/* The path, in this order: `--spec`, ROOT/flake-containers.json, what Nix builds of ROOT/flake.nix: of
 * its present state for verbs that ask for that, else what was built last. Owned by the caller; it need
 * not exist. */
int project_find_spec(const ProjectRequest *request, const char *root, const InvokingUser *user,
                      ProgressMode mode, char **ret, Error *reterr);

/* Reads it, before the verb does. *@ret is NULL where it is missing, not this user's to read, or wrong, of
 * which the verb is to tell; else owned by the caller. What cannot be told is an error. */
int project_spec_look(const char *path, Spec **ret, Error *reterr);
