/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *name = fuzz_string(data, size);
        size_t n = strlen(name);
        int r;

        r = name_check(name, "container", &error);
        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        FUZZ_CHECK(n >= 1 && n <= 63 && name[0] != '-' && name[n - 1] != '-');
        for (const char *s = name; *s; s++)
                FUZZ_CHECK((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '-');
        return 0;
}
