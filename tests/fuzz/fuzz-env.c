/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/argument.h"
#include "spec/env.h"

/* The input is NAME=VALUE. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size);
        char *value = strchr(text, '=');
        int r;

        if (!value)
                return 0;
        *value++ = '\0';
        r = env_check(text, value, &error);
        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        FUZZ_CHECK(text[0] && !(text[0] >= '0' && text[0] <= '9') && !strchr(text, '-'));
        FUZZ_CHECK(strlen("--setenv==") + strlen(text) + strlen(value) < ARGUMENT_SIZE_MAX);
        for (const char *s = value; *s; s++)
                FUZZ_CHECK((unsigned char) *s >= 0x20 || *s == '\t' || *s == '\n');
        return 0;
}
