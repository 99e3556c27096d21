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

/**
 * project_root_tracks() - is something of that name in the index of the repository?
 * @root: a real path, usually but not necessarily a work tree's top
 * @name: relative to it; files below it count
 *
 * False where there is no repository, and where its index cannot be understood: this protects from a
 * mistake, and git itself tells of a damaged index. -ETIMEDOUT when it cannot be read in time, or a signal
 * that was blocked says not to wait for it.
 */
int project_root_tracks(const char *root, const char *name, bool *ret, Error *reterr);

/* What changes when the index of the repository around @root does, for not asking project_root_tracks()
 * again, which costs ten milliseconds and more. Owned by the caller; NULL when there is no index that is
 * found without libgit2. */
char *project_root_index(const char *root);

/**
 * project_root_hash() - a number for the state of the work tree around a directory, as Nix sees it
 * @ret: of HEAD, of the index, and of what lstat(2) says of each file that git tracks; untracked files do
 * not count
 * @ret_settled: the last change is long enough ago that another one now would give another number
 *
 * Return: false when there is no such number: no repository, none that libgit2 understands, or one with
 * submodules.
 */
bool project_root_hash(const char *root, uint64_t *ret, bool *ret_settled);

/**
 * project_root_directories() - where project_root_hash() looks
 * @ret: the directories of what git tracks, and the repository, owned by the caller; NULL: there are none
 *
 * Some may be named twice, or be gone.
 */
int project_root_directories(const char *root, char ***ret, Error *reterr);
