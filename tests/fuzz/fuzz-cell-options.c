/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "fuzz.h"
#include "keeper/cell-options.h"

/* A word a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(cell_options_done) CellOptions o = {};
        _cleanup_strv_ char **argv = NULL;
        char *rest, *line;
        int r;

        for (rest = text; (line = strsep(&rest, "\n"));)
                strv_push(&argv, line);
        r = cell_options_parse(argv, &o, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(!o.directory && !o.mounts.items && !o.credentials.items && !o.command);
                return 0;
        }
        FUZZ_CHECK(o.directory[0] == '/' && o.command[0] && streq(o.private_users, "no"));
        for (size_t i = 0; i < o.mounts.n; i++) {
                const CellMount *m = &o.mounts.items[i];

                FUZZ_CHECK(m->target[0] == '/' && (!m->source || m->source[0] == '/'));
                FUZZ_CHECK(i == 0 || strcmp(o.mounts.items[i - 1].target, m->target) <= 0);
        }
        for (size_t i = 0; i < o.credentials.n; i++)
                FUZZ_CHECK(!strchr(o.credentials.items[i].id, '/') && o.credentials.items[i].id[0]);
        return 0;
}
