/* SPDX-License-Identifier: MIT */
#pragma once

/* The documents of an export: text here, ops/export.h writes them. */

#include "export/request.h"

/* Of the script that makes secrets, which is not a document. */
#define EXPORT_SCRIPT "make-secrets"

typedef struct ExportFile {
        char *name;
        char *text;
} ExportFile;

typedef struct ExportFiles {
        ExportFile *files;
        size_t n;
} ExportFiles;

void export_files_done(ExportFiles *files);

/* @text: taken */
void export_files_add(ExportFiles *files, char *name, char *text);

/* The script that makes secrets, of commands that are run in the project; none where there are none. What is
 * in a secret is in no file that is exported: who runs the script obtains it, where it is to be obtained.
 * @about: comments */
void export_add_script(const ExportRequest *r, const char *about, char *const *lines, ExportFiles *files);
