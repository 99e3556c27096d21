/* SPDX-License-Identifier: MIT */

#include "base/utf8.h"

size_t utf8_char_length(const char *s, size_t n) {
        const unsigned char *b = (const unsigned char *) s;
        /* The bounds of the second byte shut out what is overlong, a surrogate or above U+10FFFF. */
        unsigned char low = 0x80, high = 0xbf;
        size_t length;

        if (n == 0)
                return 0;
        if (b[0] < 0x80)
                return 1;
        if (b[0] >= 0xc2 && b[0] <= 0xdf)
                length = 2;
        else if ((b[0] & 0xf0) == 0xe0) {
                length = 3;
                low = b[0] == 0xe0 ? 0xa0 : 0x80;
                high = b[0] == 0xed ? 0x9f : 0xbf;
        } else if (b[0] >= 0xf0 && b[0] <= 0xf4) {
                length = 4;
                low = b[0] == 0xf0 ? 0x90 : 0x80;
                high = b[0] == 0xf4 ? 0x8f : 0xbf;
        } else
                return 0;

        if (n < length || b[1] < low || b[1] > high)
                return 0;
        for (size_t i = 2; i < length; i++)
                if ((b[i] & 0xc0) != 0x80)
                        return 0;
        return length;
}

uint32_t utf8_decode(const char *s, size_t length) {
        const unsigned char *b = (const unsigned char *) s;
        uint32_t c = length == 1 ? b[0] : b[0] & (0xffu >> (length + 1));

        for (size_t i = 1; i < length; i++)
                c = c << 6 | (b[i] & 0x3f);
        return c;
}

static bool utf8_is_unsafe(uint32_t c) {
        return (c < 0x20 && c != '\t') || (c >= 0x7f && c <= 0x9f) || /* C0, DEL, C1 */
               (c >= 0x2028 && c <= 0x202e) ||                        /* line breaks, bidi embeddings */
               (c >= 0x2066 && c <= 0x2069) ||                        /* bidi isolates */
               c == 0x200e || c == 0x200f || c == 0x061c;             /* bidi marks */
}

size_t utf8_shown_length(const char *s, size_t n) {
        size_t length = utf8_char_length(s, n);

        return length > 0 && utf8_is_unsafe(utf8_decode(s, length)) ? 0 : length;
}
