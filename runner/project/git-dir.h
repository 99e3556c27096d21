/* SPDX-License-Identifier: MIT */
#pragma once

/* Finding a `.git` without libgit2: enough to read an index, and to recognise a work tree that libgit2 has
 * accepted before. */

#include "base/error.h"

/**
 * git_dir_find_work_tree() - the nearest directory upwards that has a `.git`
 * @path: an absolute path without links
 *
 * Return: owned by the caller; NULL when there is none on the file system of @path, or when a directory on
 * the way looks like a repository itself (HEAD and objects), as a bare repository does.
 */
char *git_dir_find_work_tree(const char *path);

/**
 * git_dir_of() - the repository of a work tree
 *
 * `.git` itself, or where a `.git` file points to (linked worktrees, submodules; gitrepository-layout(5)).
 * Return: owned by the caller; NULL when there is no `.git` or its content is invalid.
 */
char *git_dir_of(const char *work_tree);

/**
 * git_dir_worktrees() - the other work trees of a repository, git-worktree(1)
 * @path: in one of them, absolute and without links
 *
 * As the repository remembers them: they are not looked at, and may be gone. Return: owned by the caller;
 * NULL: there are none.
 */
char **git_dir_worktrees(const char *path);

/**
 * git_dir_main() - the same directory in the main work tree of the repository
 * @path: in a linked one, absolute and without links
 *
 * Only where that repository knows this work tree: a `.git` file can name any. @ret: owned by the caller;
 * NULL: it is in the main one, or there is none. What cannot be looked at is an error: the answer decides
 * which project has a container.
 */
int git_dir_main(const char *path, char **ret, Error *reterr);

/**
 * git_dir_check() - refuse a repository in which libgit2 would hang, or read without end
 * @path: in a work tree, or in none
 *
 * libgit2 opens by name and reads without a limit, with our signals blocked. A FIFO, a device or a file
 * without measure in the place of one of git's files is FC_EXIT_CONFLICT.
 */
int git_dir_check(const char *path, Error *reterr);

/* The path that the text of a `.git` file points to; NULL: none. Owned by the caller. Pure. */
char *git_dir_parse_file(const char *work_tree, const char *text);
