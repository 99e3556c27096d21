/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "export/files.h"
#include "export/parts.h"

void export_files_done(ExportFiles *files) {
        for (size_t i = 0; i < files->n; i++) {
                free(files->files[i].name);
                free(files->files[i].text);
        }
        free(files->files);
        *files = (ExportFiles){0};
}

void export_files_add(ExportFiles *files, char *name, char *text) {
        *XGROW(files->files, files->n) = (ExportFile){name, text};
}

void export_add_script(const ExportRequest *r, const char *about, char *const *lines, ExportFiles *files) {
        _cleanup_free_ char *root = export_shell_word(r->root), *commands = strv_join(lines, "");

        if (lines)
                export_files_add(files, xstrdup(EXPORT_SCRIPT),
                                 xasprintf("#!/usr/bin/env bash\n%sset -euo pipefail\ncd %s\n%s", about,
                                           root, commands));
}
