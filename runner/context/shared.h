/* SPDX-License-Identifier: MIT */
#pragma once

/* Containers that the work trees of a repository share (`shared`, git-worktree(1)).
 *
 * The main work tree has them: in its `.containers`, under its id, in its network, with paths relative to
 * it. To the project in a linked one they are another project's, so a command there is two: one on what is
 * its own, and one on the shared ones, which works on the project of the main work tree with the
 * specification of the linked one. Who uses them: context/shared-use.h. A repository without a main work
 * tree shares nothing, and neither does a fresh instance. */

#include "context/project.h"

/**
 * shared_sort() - part the shared containers from those of the project itself
 * @project: just opened, with its specification
 * @operands: of the command line
 * @ret: those that are the project's own, owned by the caller
 *
 * In a linked work tree the specification loses the shared ones, and they count as @project's `elsewhere`
 * where the verb parts what it is asked for (ProjectRequest). Where only shared ones are asked for, @project
 * becomes that of the main work tree. FC_EXIT_USAGE where the verb is asked for both and does not part them.
 */
int shared_sort(const ProjectRequest *request, Project *project, char *const *operands, char ***ret,
                Error *reterr);

/* Of a linked work tree with shared containers: the project that has them, owned by the caller; NULL of any
 * other. @root: the project's */
int shared_find_home(const Spec *spec, const char *root, char **ret, Error *reterr);

/* What a command asks for that works on @project's `elsewhere`. Borrows from all. */
ProjectRequest shared_request(const ProjectRequest *request, const Project *project);

/* Opens the project that has @project's `elsewhere`. @ret is emptied by project_done(). */
int shared_open(const Project *project, Project *ret, Error *reterr);
