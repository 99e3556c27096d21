/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the project is: the directory of a flake in the work tree of a git repository. */

#include "base/error.h"

/**
 * project_root_find() - the project that a directory belongs to
 * @start: the directory, for instance "."
 * @subdir: where the project is in its work tree, "" for the top; NULL: what declares a project (place.h) in
 * the nearest directory upwards, or else the top
 * @ret_root: its real path, owned by the caller
 *
 * The search ends at the work tree that contains @start; for a linked worktree and for a submodule that is
 * their own. GIT_DIR and its like are not looked
 * at: in a git hook they would name another repository. Other people's repositories are refused as git does
 * (safe.directory in git-config(1)), except that root may work in those of the user that user_invoking()
 * names.
 *
 * What blocks in reading a repository is given up after some seconds (FC_EXIT_CONFLICT).
 * FC_EXIT_USAGE: no repository, a bare one, one that git cannot open or that belongs to another user, no
 * project in @subdir.
 */
int project_root_find(const char *start, const char *subdir, char **ret_root, Error *reterr);
