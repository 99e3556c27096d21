/* SPDX-License-Identifier: MIT */
#pragma once

/* What git tracks of a project. */

#include "base/error.h"

/**
 * tracked_has() - is something of that name in the index of the repository?
 * @root: a real path, usually but not necessarily a work tree's top
 * @name: relative to it; files below it count
 *
 * False where there is no repository, and where its index cannot be understood: this protects from a
 * mistake, and git itself tells of a damaged index. -ETIMEDOUT when it cannot be read in time, or a signal
 * that was blocked says not to wait for it.
 */
int tracked_has(const char *root, const char *name, bool *ret, Error *reterr);

/* What changes when the index of the repository around @root does, for not asking tracked_has()
 * again, which costs ten milliseconds and more. Owned by the caller; NULL when there is no index that is
 * found without libgit2. */
char *tracked_index(const char *root);

/**
 * tracked_hash() - a number for the state of the work tree around a directory, as Nix sees it
 * @ret: of HEAD, of the index, and of what lstat(2) says of each file that git tracks; untracked files do
 * not count
 * @ret_settled: the last change is long enough ago that another one now would give another number
 *
 * Return: false when there is no such number: no repository, none that libgit2 understands, or one with
 * submodules.
 */
bool tracked_hash(const char *root, uint64_t *ret, bool *ret_settled);

/**
 * tracked_directories() - where tracked_hash() looks
 * @ret: the directories of what git tracks, and the repository, owned by the caller; NULL: there are none
 *
 * Some may be named twice, or be gone.
 */
int tracked_directories(const char *root, char ***ret, Error *reterr);
