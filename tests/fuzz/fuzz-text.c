/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "screen/text.h"

/* No control character, whole characters only. */
static void check_safe(const char *s, size_t n, bool tabs) {
        while (n > 0) {
                size_t length = utf8_char_length(s, n);

                FUZZ_CHECK(length > 0);
                FUZZ_CHECK((unsigned char) *s >= 0x20 || (tabs && *s == '\t'));
                FUZZ_CHECK(*s != 0x7f);
                FUZZ_CHECK(length != 2 || (unsigned char) s[0] != 0xc2 || (unsigned char) s[1] >= 0xa0);
                s += length;
                n -= length;
        }
}

/* A guest's text, made harmless; and shortened to fit a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *safe = text_safe(text),
                            *again = text_safe(safe);
        _cleanup_buffer_ Buffer buffer = {0};
        size_t width = text_width(safe);

        text_append_safe(&buffer, (const char *) data, size);
        check_safe(buffer.data, buffer.size, true);
        check_safe(safe, strlen(safe), false);
        FUZZ_CHECK(streq(safe, again));
        for (size_t max = 0; max < width + 2 && max < 20; max++) {
                _cleanup_free_ char *dots = text_shorten(safe, max, false),
                                    *one = text_shorten(safe, max, true);

                FUZZ_CHECK(text_width(dots) <= max && text_width(one) <= max);
                check_safe(one, strlen(one), false);
        }
        return 0;
}
