/* SPDX-License-Identifier: MIT */
#pragma once

/* `.containers/.fresh/INSTANCE/`: what a fresh instance of a project keeps while it lives. It has the form
 * of a `.containers` of its own, so that all that works on the state of a project works on an instance's:
 *
 *     INSTANCE/{state.json,events.jsonl} INSTANCE/NAME/{state.json,ephemeral/,journal/,console.log}
 *     INSTANCE/volumes/VOLUME/
 *
 * No container and no volume can have the name of the directory. How an instance lives is in
 * context/instance.h. */

#include "project/state-dir.h"

#define INSTANCES_DIR ".fresh"

/* "shop-1f2e3d4c", for a project below .../shop: short enough to be the whole of an id's first part, so that
 * no two instances have one id (state/identity.h). Drawn by lot; owned by the caller. */
char *instance_name_draw(const char *root);

/* FC_EXIT_USAGE when it cannot name one. */
int instance_name_check(const char *name, Error *reterr);

/* What the instance is identified by, an absolute path; owned by the caller. */
char *instance_path(const char *root, const char *name);

/* Is @path such a path? @ret_root: the project's; owned by the caller, as is @ret_name. Pure. */
bool instance_path_parse(const char *path, char **ret_root, char **ret_name);

/* Makes an instance's directory, which is not there yet. @dir: of the project, made. @ret: to be emptied by
 * state_dir_done(). */
int instance_dir_make(const StateDir *dir, const char *name, StateDir *ret, Error *reterr);

/* A missing one is `fd` == -EBADF. */
int instance_dir_open(const StateDir *dir, const char *name, StateDir *ret, Error *reterr);

/* The names of all, sorted; owned by the caller, NULL: there are none. */
int instances_list(const StateDir *dir, char ***ret, Error *reterr);

/* Takes a directory apart that no process uses. A missing one is success. */
int instance_dir_remove(const StateDir *dir, const char *name, Error *reterr);
