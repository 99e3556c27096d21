/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "fuzz.h"
#include "plan/environment-file.h"
#include "spec/env-file.h"
#include "spec/env.h"

/* The first byte says what for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **variables = NULL, **again = NULL;
        _cleanup_free_ char *printed = NULL;
        int r;

        if (size == 0)
                return 0;
        r = env_file_parse((const char *) data + 1, size - 1, data[0] & 1, &variables, &error);
        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        STRV_FOREACH (variable, variables) {
                _cleanup_free_ char *name = xstrndup(*variable, strcspn(*variable, "="));

                FUZZ_CHECK((*variable)[strlen(name)] == '=');
                FUZZ_CHECK(env_check(name, *variable + strlen(name) + 1, NULL) >= 0);
        }
        /* What is printed for systemd is read as it was, but for ` with a \ before it, which is systemd's
         * alone. */
        printed = environment_file_print(variables);
        if (strchr(printed, '`'))
                return 0;
        FUZZ_CHECK(env_file_parse(printed, strlen(printed), data[0] & 1, &again, &error) >= 0);
        FUZZ_CHECK(strv_equal(variables, again));
        return 0;
}
