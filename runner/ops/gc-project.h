/* SPDX-License-Identifier: MIT */
#pragma once

/* One project that has something on the machine, as `gc` sees it. */

#include "ops/gc.h"
#include "state/checkout.h"

typedef struct GcProject {
        Gc *gc;
        char *id;
        int runtime_fd; /* its directory in /run; -EBADF: there is none */
        bool claimed;
        bool only_locks;   /* that directory holds nothing else: of commands that found nothing to do */
        Checkout checkout; /* where it is, if it is claimed */
        char **names;      /* of its containers, as far as that directory knows them */
        char **machines;   /* that run or have left something */
        char **strange;    /* likewise, of containers whose names are not known */
} GcProject;

/* Reads what /run knows of it. @ret: to be emptied by gc_project_done(). */
int gc_project_open(Gc *gc, const char *id, GcProject *ret, Error *reterr);
void gc_project_done(GcProject *p);

/* Removes what is to be removed of it, or only says so. */
int gc_project_clean(GcProject *p, Error *reterr);

/* Removes all that it has on the machine, whether it is gone or not: what runs is killed. Where a command
 * holds one of its locks for too long nothing is removed, and that is noted. */
int gc_project_bury(GcProject *p, Error *reterr);

/* What is in a project that is there and belongs to the user who asks. */
int gc_project_tidy(GcProject *p, const char *root, Error *reterr);
