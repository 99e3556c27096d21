/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "ready/http-status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        int whole = http_status_parse((const char *) data, size), before = 0;

        FUZZ_CHECK(whole == -EBADMSG || whole == 0 || (whole >= 100 && whole <= 999));
        /* More text never takes back what less has said. */
        for (size_t n = 0; n <= size && n <= HTTP_STATUS_LINE_MAX; n++) {
                int part = http_status_parse((const char *) data, n);

                FUZZ_CHECK(before == 0 || part == before);
                before = part;
        }
        return 0;
}
