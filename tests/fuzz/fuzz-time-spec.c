/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include "base/time-text.h"
#include "fuzz.h"
#include "logs/time-spec.h"

#define NOW UINT64_C(1795341880500000)

/* The same text, now or at another time. */
static uint64_t parse_again(const char *text, uint64_t now) {
        uint64_t value;

        FUZZ_CHECK(time_spec_parse(text, now, &value, NULL) >= 0);
        return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size), *epoch = NULL, *padded = NULL;
        char rfc3339[TIMESTAMP_MAX];
        uint64_t value = 1;
        int r;

        (void) setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        r = time_spec_parse(text, NOW, &value, &error);
        fuzz_check_result(r, &error);
        if (r < 0) {
                FUZZ_CHECK(value == 1);
                return 0;
        }
        FUZZ_CHECK(value < UINT64_C(253402300800) * USEC_PER_SEC);

        /* Both forms that are exact lead back to it. */
        epoch = xasprintf("@%" PRIu64 ".%06" PRIu64, value / USEC_PER_SEC, value % USEC_PER_SEC);
        FUZZ_CHECK(parse_again(epoch, 0) == value);
        FUZZ_CHECK(parse_again(timestamp_format(rfc3339, value), 0) == value / 1000 * 1000);
        padded = xasprintf(" %s\t", text);
        FUZZ_CHECK(parse_again(padded, NOW) == value);
        return 0;
}
