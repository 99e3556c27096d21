/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "remote/forward.h"
#include "remote/there.h"

/* What another machine tells of its ports opens loopback addresses here, and nothing else. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_strv_ char **ports = NULL, **left = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size);
        size_t found_size = 0;
        const char *found = there_find_json(text, &found_size);

        FUZZ_CHECK(!found || found + found_size <= text + strlen(text));
        if (found && forward_read(found, found_size, &ports, &left, &error) < 0)
                FUZZ_CHECK(error_is_set(&error));
        STRV_FOREACH (port, ports)
                FUZZ_CHECK(startswith(*port, "127.") || startswith(*port, "[::1]:"));
        return 0;
}
