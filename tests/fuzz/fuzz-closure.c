/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "fuzz.h"
#include "spec/closure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL;
        bool found = false;
        int r;

        r = closure_parse((const char *) data, size, "/nix/store", "/nix/store/x-system", &names, &error);
        fuzz_check_result(r, &error);
        FUZZ_CHECK((r >= 0) == !!names);
        /* What is mounted, by its name alone. */
        STRV_FOREACH (name, names) {
                FUZZ_CHECK((*name)[0] && !strchr(*name, '/') && !streq(*name, ".") && !streq(*name, ".."));
                found = found || streq(*name, "x-system");
        }
        FUZZ_CHECK(r < 0 || found);
        return 0;
}
