/* SPDX-License-Identifier: MIT */
#pragma once

/* Which directory of a git work tree is the project: that of the flake.nix, or of the specification
 * written by hand. Nothing here knows git or looks at owners; root.h does. */

#include "base/macro.h"

#define PROJECT_FLAKE_NAME "flake.nix"
#define PROJECT_SPEC_NAME  "flake-containers.json"

/* Is a project declared in this directory? */
bool place_is_project(const char *directory);

/**
 * place_find() - the nearest directory upwards in which a project is declared
 * @work_tree: where the search ends; an absolute path without links
 * @start: likewise; not necessarily in @work_tree (a repository's own directory may be elsewhere)
 *
 * Return: owned by the caller; @work_tree when there is none.
 */
char *place_find(const char *work_tree, const char *start);

/**
 * place_leave_state() - the directory of the project whose `.containers` a path leads into
 * @path: an absolute path without links
 *
 * The root file systems of guests lie below `.containers`, and a guest can put a flake.nix and a `.git`
 * anywhere in its own.
 *
 * Return: owned by the caller; a copy of @path when it leads into none.
 */
char *place_leave_state(const char *path);

/**
 * place_old_state() - the work tree whose `.containers` may be meant for this project
 * @root: the project, a real path
 *
 * The repository's root used to be the project's in any case. Return: owned by the caller; NULL when @root
 * is that itself or has a state already, and when the state there is that of another project.
 */
char *place_old_state(const char *root);
