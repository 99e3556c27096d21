/* SPDX-License-Identifier: MIT */
#pragma once

/* What the fuzz targets share. A property that does not hold ends the program with abort(), which both
 * libFuzzer and ctest take for a finding; not assert(), which NDEBUG removes. */

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(property)                                                                                \
        do {                                                                                                \
                if (!(property)) {                                                                          \
                        (void) fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,            \
                                       #property);                                                          \
                        abort();                                                                            \
                }                                                                                           \
        } while (0)

/* A failure has a message of one printable line and means bad input; success has none. */
static inline void fuzz_check_result(int r, const Error *error) {
        size_t left;

        FUZZ_CHECK((r < 0) == error_is_set(error));
        if (r >= 0)
                return;
        FUZZ_CHECK(error->exit == FC_EXIT_USAGE);
        left = strlen(error->message);
        FUZZ_CHECK(left > 0 && left < 4096);
        for (const char *s = error->message; left > 0;) {
                size_t n = utf8_char_length(s, left);

                FUZZ_CHECK(n > 0 && ((unsigned char) *s >= 0x20 || *s == '\t') && *s != 0x7f);
                s += n;
                left -= n;
        }
}

/* The parsers of single strings get what comes before the first NUL. */
static inline char *fuzz_string(const uint8_t *data, size_t size) {
        return xstrndup((const char *) data, size);
}
