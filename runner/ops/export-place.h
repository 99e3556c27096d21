/* SPDX-License-Identifier: MIT */
#pragma once

/* Where `export` writes: a directory of the user's that it makes, or that is empty. All goes into one inside
 * it, whose content is moved out once it is complete: what a killed export leaves the next one removes, or
 * moves out, where it is complete. */

#include "context/project.h"

typedef struct ExportPlace {
        const Project *project;
        int dir_fd; /* locked: two exports into one directory exclude each other */
        int new_fd; /* for what is written */
} ExportPlace;

#define EXPORT_PLACE_NULL ((ExportPlace){.dir_fd = -EBADF, .new_fd = -EBADF})

/**
 * export_place_open() - open, or make, the directory @output
 * @output: as the user typed it
 * @p: starts as EXPORT_PLACE_NULL, ends by export_place_done()
 *
 * FC_EXIT_CONFLICT where there is something in it, or another export at work.
 */
int export_place_open(ExportPlace *p, Project *project, const ProjectRequest *request, const char *output,
                      Error *reterr);

/* Moves out what has been written. Where that fails the next export goes on with it. */
int export_place_commit(ExportPlace *p, Error *reterr);

/* Throws away what has not been moved out. */
void export_place_done(ExportPlace *p);
