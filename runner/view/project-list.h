/* SPDX-License-Identifier: MIT */
#pragma once

/* The projects that have run on this machine since it was booted, or are started when it boots: where they
 * lie, and what runs of them. Needs neither root nor a project; what only root may know is left out. */

#include "base/json.h"
#include "boot/boot.h"
#include "state/checkout.h"

typedef struct ListedProject {
        char *id;
        CheckoutFate fate;
        char *root;     /* where it is, or was last; NULL: not known */
        BootEntry boot; /* the unit that starts it at boot; its name is NULL where there is none */
        char **running; /* names of containers, sorted; where a name was cut, as it is in the machine's */
} ListedProject;

typedef struct ProjectList {
        ListedProject *entries;
        size_t n;
} ProjectList;

void project_list_done(ProjectList *list);

/* Those of other work trees of the repository that @root is in (git-worktree(1)), of which something runs.
 * Only the repository's own list of them is read. @id: of the project at @root */
int project_list_worktrees(const char *root, const char *id, ProjectList *ret, Error *reterr);

/* A line for each: what runs there. */
int project_list_tell_worktrees(const ProjectList *list, Error *reterr);
Json *project_list_json(const ProjectList *list);

/* Sorted by id. @ret: to be emptied by project_list_done(). */
int project_list_gather(ProjectList *ret, Error *reterr);
int project_list_print(const ProjectList *list, Error *reterr);
void project_list_print_json(const ProjectList *list);
