/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/resource.h"

/* The input is NAME=VALUE. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size), *value = NULL, *again = NULL;
        char *equals = strchr(text, '=');
        ResourceKind kind;
        int r;

        if (!equals)
                return 0;
        *equals++ = '\0';
        kind = resource_kind_from_string(text);
        if (kind < 0)
                return 0;
        r = resource_parse(kind, equals, &value, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(!value);
                return 0;
        }
        /* What is given to the kernel or to systemd. */
        FUZZ_CHECK(value[0] && strspn(value, "0123456789%infty") == strlen(value));
        FUZZ_CHECK(resource_parse(kind, value, &again, NULL) >= 0);
        FUZZ_CHECK(streq(value, again));
        return 0;
}
