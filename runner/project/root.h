/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the project is: the work tree of the git repository around a directory. */

#include "base/error.h"

/**
 * project_root_find() - the work tree that contains a directory
 * @start: the directory, for instance "."
 * @ret_root: its real path, owned by the caller
 *
 * For a linked worktree and for a submodule that is their own work tree. GIT_DIR and its like are not looked
 * at: in a git hook they would name another repository. Other people's repositories are refused as git does
 * (safe.directory in git-config(1)), except that root may work in those of the user that user_invoking()
 * names.
 *
 * FC_EXIT_USAGE: no repository, a bare one, one that git cannot open or that belongs to somebody else.
 */
int project_root_find(const char *start, char **ret_root, Error *reterr);

/**
 * project_root_tracks() - is something of that name in the index of the repository?
 * @root: a real path, usually but not necessarily a work tree's top
 * @name: relative to it; files below it count
 *
 * False where there is no repository, and where its index cannot be understood: this protects from a
 * mistake, and git itself tells of a damaged index.
 */
int project_root_tracks(const char *root, const char *name, bool *ret, Error *reterr);

/* What changes when the index of the repository around @root does, for not asking project_root_tracks()
 * again, which costs ten milliseconds and more. Owned by the caller; NULL when there is no index that is
 * found without libgit2. */
char *project_root_index(const char *root);
