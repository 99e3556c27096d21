/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "remote/destination.h"

/* What ssh(1) is given is never an option, and nothing that a shell or rsync(1) reads as more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(destination_done) Destination d = {};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size);
        int r = destination_parse(text, &d, &error);

        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        FUZZ_CHECK(d.host && d.host[0] != '-' && d.host[0] != '\0' &&
                   !strpbrk(d.host, " \t\n'\"\\$`;&|/@%"));
        FUZZ_CHECK(!d.user ||
                   (d.user[0] != '-' && d.user[0] != '\0' && !strpbrk(d.user, " \t\n'\"\\$`;&|/@:%")));
        return 0;
}
