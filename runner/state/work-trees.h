/* SPDX-License-Identifier: MIT */
#pragma once

/* A file that lists work trees of a repository, each as state/checkout.h prints it, with a NUL in the place
 * of the last newline. So a work tree that git-worktree(1) has moved is the same one. */

#include "state/checkout.h"

typedef struct WorkTrees {
        Checkout *entries;
        size_t n;
} WorkTrees;

void work_trees_done(WorkTrees *trees);

/* A missing file lists none. What has been removed is left out; what cannot be found at present is not. @ret
 * is emptied by work_trees_done(). */
int work_trees_read(int dir_fd, const char *file, WorkTrees *ret, Error *reterr);

/* In one step, and only until the host goes down. */
int work_trees_write(int dir_fd, const char *file, const WorkTrees *trees, Error *reterr);

bool work_trees_have(const WorkTrees *trees, const Checkout *tree);
void work_trees_add(WorkTrees *trees, const Checkout *tree);
void work_trees_drop(WorkTrees *trees, const Checkout *tree);

/* Where those are now that are not @own. Owned by the caller, NULL: there are none. */
char **work_trees_find_others(const WorkTrees *trees, const Checkout *own);
