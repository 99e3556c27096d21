/* SPDX-License-Identifier: MIT */
#pragma once

/* `export`: containers of a specification in the form of another engine, written to a directory as the
 * user. */

#include "context/project.h"
#include "export/export.h"

typedef struct ExportOptions {
        char *format;
        char *output; /* a directory; NULL: standard output, for what is text */
        char *registry;
        char **without; /* keys */
        bool host_paths;
} ExportOptions;

/**
 * export_project() - write what is asked for, and what it depends on
 *
 * FC_EXIT_USAGE with a line of evidence for all that the format cannot say; then nothing is written.
 * FC_EXIT_CONFLICT when there is something in the directory. Return: the exit status, or a negative errno.
 */
int export_project(const ProjectRequest *request, const ExportOptions *o, char *const *operands,
                   Error *reterr);

/* Whether these ExportOptions read what only root can: the root file systems. */
bool export_needs_root(const void *options);
