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
