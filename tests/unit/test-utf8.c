/* SPDX-License-Identifier: MIT */

#include "base/utf8.h"
#include "test.h"

TEST(lengths) {
        static const struct {
                const char *text;
                size_t n, length;
        } table[] = {
                {"", 0, 0},
                {"a", 1, 1},
                {"\0", 1, 1},
                {"\x7f", 1, 1},
                {"\xc3\xa9", 2, 2},
                {"\xc3\xa9", 1, 0},         /* cut off */
                {"\xc0\x80", 2, 0},         /* overlong NUL */
                {"\xc1\xbf", 2, 0},         /* overlong */
                {"\x80", 1, 0},             /* continuation first */
                {"\xc3(", 2, 0},            /* no continuation */
                {"\xe0\xa0\x80", 3, 3},     /* U+0800 */
                {"\xe0\x9f\xbf", 3, 0},     /* overlong */
                {"\xed\x9f\xbf", 3, 3},     /* U+D7FF */
                {"\xed\xa0\x80", 3, 0},     /* surrogate */
                {"\xee\x80\x80", 3, 3},     /* U+E000 */
                {"\xef\xbf\xbf", 3, 3},     /* U+FFFF */
                {"\xf0\x90\x80\x80", 4, 4}, /* U+10000 */
                {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong */
                {"\xf4\x8f\xbf\xbf", 4, 4}, /* U+10FFFF */
                {"\xf4\x90\x80\x80", 4, 0}, /* beyond */
                {"\xf5\x80\x80\x80", 4, 0}, /* beyond */
                {"\xf0\x90\x80", 3, 0},     /* cut off */
                {"\xff\xfe", 2, 0},         /* UTF-16 */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("row %zu", i);
                ASSERT_EQ(utf8_char_length(table[i].text, table[i].n), table[i].length);
        }
}

TEST(what_a_terminal_only_shows) {
        static const struct {
                const char *text;
                size_t length;
        } table[] = {
                {"a", 1},
                {" ", 1},
                {"~", 1},
                {"\t", 1},
                {"\n", 0},
                {"\r", 0},
                {"\x1b", 0},
                {"\a", 0},
                {"\x7f", 0},
                {"\xc2\x80", 0},
                {"\xc2\x9b", 0},
                {"\xc2\x9f", 0},
                {"\xc2\xa0", 2},
                {"\xe2\x80\xa7", 3},
                {"\xe2\x80\xa8", 0},
                {"\xe2\x80\xae", 0},
                {"\xe2\x80\xaf", 3},
                {"\xe2\x81\xa6", 0},
                {"\xe2\x80\x8e", 0},
                {"\xd8\x9c", 0},
                {"\xe2\x82\xac", 3},
                {"\xf0\x9f\x98\x80", 4},
                {"\xff", 0},
                {"\xe2\x82", 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("row %zu", i);
                ASSERT_EQ(utf8_shown_length(table[i].text, strlen(table[i].text)), table[i].length);
        }
        ASSERT_EQ(utf8_shown_length("", 1), 0);
        ASSERT_EQ(utf8_shown_length("", 0), 0);
}
