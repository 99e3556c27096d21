/* SPDX-License-Identifier: MIT */

/* Text as it comes to a screen: tables, and what they are made with (text.h, format.h, output.h). */

#include "test.h"

#include "base/alloc.h"
#include "base/time-text.h"
#include "base/time-text.h"
#include "screen/output.h"
#include "screen/table.h"
#include "screen/text.h"

static char *print(const Table *table) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ASSERT_OK(table_print(table, out));
        (void) fclose(out);
        return text;
}

TEST(columns) {
        static const char *const headers[] = {"NAME", "STATE", "PORTS", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        _cleanup_free_ char *text = NULL;

        table_add_row(table, (const char *const[]){"db", "running", "127.0.0.1:5432->5432"});
        table_add_row(table, (const char *const[]){"cache", "stopped", NULL});
        table_add_row(table, (const char *const[]){"x", "", "ends in blanks   "});
        text = print(table);
        ASSERT_STREQ(text, "NAME   STATE    PORTS\n"
                           "db     running  127.0.0.1:5432->5432\n"
                           "cache  stopped  -\n"
                           "x      -        ends in blanks\n");
}

TEST(only_headers) {
        static const char *const headers[] = {"NAME", "STATE", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        _cleanup_free_ char *text = print(table);

        ASSERT_STREQ(text, "NAME  STATE\n");
}

/* Columns are counted as the screen shows them: Chinese is wide, an accent of its own takes nothing. */
TEST(wide_and_combining) {
        static const char *const headers[] = {"A", "B", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        _cleanup_free_ char *text = NULL;

        table_add_row(table, (const char *const[]){"数据", "1"});
        table_add_row(table, (const char *const[]){"e\xcc\x81t\xc3\xa9", "2"});
        table_add_row(table, (const char *const[]){"x", "3"});
        text = print(table);
        ASSERT_STREQ(text, "A     B\n"
                           "数据  1\n"
                           "e\xcc\x81t\xc3\xa9   2\n"
                           "x     3\n");
}

TEST(hostile_cells) {
        static const char *const headers[] = {"A", "B", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        _cleanup_free_ char *text = NULL;

        table_add_row(table, (const char *const[]){"two\nlines\tand", "\x1b[2Jgone"});
        text = print(table);
        ASSERT_STREQ(text, "A              B\n"
                           "two\xef\xbf\xbdlines and  gone\n");
}

TEST(full_disk) {
        static const char *const headers[] = {"A", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        _cleanup_fclose_ FILE *full = fopen("/dev/full", "we");

        ASSERT_EQ(table_print(table, full), -ENOSPC);
}

#define FFFD "\xef\xbf\xbd"

TEST(safe_text) {
        static const struct {
                const char *text, *expected;
        } cases[] = {
                {"", ""},
                {"plain text ~", "plain text ~"},
                {"grüße 数 🦀", "grüße 数 🦀"},
                {"tab\there", "tab here"},
                /* Escape sequences go as a whole. */
                {"\x1b[31mred\x1b[0m", "red"},
                {"\x1b[1;31;48;5;200mx", "x"},
                {"\x1b[?25lx\x1b[2J\x1b[H", "x"},
                {"\x1b[38:2:1:2:3mx", "x"},
                {"\x1b]0;title\ax", "x"},
                {"\x1b]0;title\x1b\\x", "x"},
                {"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"},
                {"\x1bP+q544e\x1b\\x", "x"},
                {"\x1b_apc\x1b\\x\x1b^pm\x1b\\y\x1bXsos\x1b\\z", "xyz"},
                {"\x1b(Bx\x1b)0y", "xy"},
                {"\x1b"
                 "cx\x1b=y\x1bMz",
                 "xyz"},
                /* Those that do not end take nothing with them. */
                {"\x1b", FFFD},
                {"x\x1b[", "x" FFFD "["},
                {"\x1b[31", FFFD "[31"},
                {"\x1b[31\x1b[32mx", FFFD "[31x"},
                {"\x1b]0;never ending", FFFD "]0;never ending"},
                {"\x1b]0;a\x1b[31mb\a", FFFD "]0;ab" FFFD},
                {"\x1b\x1b[31mx", FFFD "x"},
                {"\x1b[31\nm", FFFD "[31" FFFD "m"},
                /* Other control characters. */
                {"bell\a bs\b cr\r lf\n del\x7f", "bell" FFFD " bs" FFFD " cr" FFFD " lf" FFFD " del" FFFD},
                {"\xc2\x9b"
                 "31m \xc2\x85 \xc2\xa0",
                 FFFD "31m " FFFD " \xc2\xa0"},
                /* Reversed writing. */
                {"a\xe2\x80\xae"
                 "b\xe2\x81\xa6"
                 "c\xe2\x80\x8f",
                 "a" FFFD "b" FFFD "c" FFFD},
                {"a\xe2\x80\xa8"
                 "b",
                 "a" FFFD "b"},
                /* What is not UTF-8. */
                {"\xff", FFFD},
                {"\xc3", FFFD},
                {"\xc3(", FFFD "("},
                {"\xc0\xaf", FFFD FFFD},
                {"\xed\xa0\x80", FFFD FFFD FFFD},
                {"\xf0\x9f\xa6", FFFD FFFD FFFD},
                {"\x9b"
                 "31m",
                 FFFD "31m"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = text_safe(cases[i].text);

                test_set_row("case %zu", i);
                ASSERT_STREQ(text, cases[i].expected);
        }
        ASSERT_TRUE(text_safe(NULL) == NULL);
}

TEST(safe_text_is_safe_whatever_comes) {
        uint64_t state = 1;

        /* Every sequence of a few bytes that matter, by a small generator: no control character is left. */
        for (unsigned i = 0; i < 200000; i++) {
                static const char bytes[] = "\x1b[];?0m\\\a\n\r\xc2\x9b\xe2\x80\xae\xff x\x7f\x90(P";
                char in[9] = "";
                _cleanup_free_ char *text = NULL;

                for (size_t k = 0; k < sizeof(in) - 1; k++) {
                        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                        in[k] = bytes[(state >> 33) % (sizeof(bytes) - 1)];
                }
                text = text_safe(in);
                for (const char *p = text; *p; p++) {
                        ASSERT_TRUE((unsigned char) *p >= 0x20 && *p != 0x7f);
                        ASSERT_TRUE(!(*p == '\xc2' && (unsigned char) p[1] < 0xa0));
                }
        }
}

TEST(width_and_shortening) {
        static const struct {
                const char *text;
                size_t width;
                const char *unicode, *ascii;
        } cases[] = {
                {"short", 5, "short", "short"},
                {"too long", 5, "too …", "to..."},
                {"数据库", 6, "数据库", "数据库"},
                {"数据库", 5, "数据…", "数..."},
                {"数据库", 4, "数…", "..."},
                {"abc", 0, "", ""},
                {"abc", 1, "…", "."},
                {"abcd", 2, "a…", ".."},
                {"e\xcc\x81"
                 "abc",
                 2, "e\xcc\x81…", ".."},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *unicode = text_shorten(cases[i].text, cases[i].width, true);
                _cleanup_free_ char *ascii = text_shorten(cases[i].text, cases[i].width, false);

                test_set_row("case %zu", i);
                ASSERT_STREQ(unicode, cases[i].unicode);
                ASSERT_STREQ(ascii, cases[i].ascii);
                ASSERT_TRUE(text_width(unicode) <= cases[i].width);
        }
        test_set_row("%s", "");
        ASSERT_EQ(text_width("✔ é 数 e\xcc\x81"), 8);
}

TEST(durations) {
        static const struct {
                uint64_t usec;
                const char *expected;
        } cases[] = {
                {0, "0.00s"},
                {30000, "0.03s"},
                {94999, "0.09s"},
                {95000, "0.1s"},
                {300000, "0.3s"},
                {1949999, "1.9s"},
                {9949999, "9.9s"},
                {9950000, "10s"},
                {42 * USEC_PER_SEC, "42s"},
                {59499999, "59s"},
                {59500000, "1m"},
                {60 * USEC_PER_SEC, "1m"},
                {119 * USEC_PER_SEC, "1m"},
                {12 * 60 * USEC_PER_SEC, "12m"},
                {3599 * USEC_PER_SEC, "59m"},
                {3600 * USEC_PER_SEC, "1h"},
                {47 * 3600 * USEC_PER_SEC, "47h"},
                {48 * 3600 * USEC_PER_SEC, "2d"},
                {UINT64_C(86400) * 400 * USEC_PER_SEC, "400d"},
                {UINT64_MAX, "213503982d"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char buf[FORMAT_DURATION_MAX];

                ASSERT_STREQ(format_duration(buf, cases[i].usec), cases[i].expected);
        }
}

TEST(times) {
        char buf[TIMESTAMP_MAX];

        ASSERT_STREQ(timestamp_format(buf, 0), "1970-01-01T00:00:00.000Z");
        ASSERT_STREQ(timestamp_format(buf, UINT64_C(1795341880113999)), "2026-11-22T10:04:40.113Z");
        ASSERT_STREQ(timestamp_format(buf, UINT64_MAX), "9999-12-31T23:59:59.999Z");
}

TEST(output_that_is_no_terminal) {
        Output output;
        int p[2];

        ASSERT_EQ(pipe(p), 0);
        (void) unsetenv("LC_ALL");
        (void) setenv("LC_CTYPE", "C", 1);
        output_probe(p[1], &output);
        ASSERT_TRUE(!output.terminal && !output.colour && !output.live && !output.unicode);
        ASSERT_EQ(output.width, 0);
        (void) setenv("LC_CTYPE", "C.UTF-8", 1);
        output_probe(p[1], &output);
        ASSERT_TRUE(output.unicode);
        (void) close(p[0]);
        (void) close(p[1]);
        output_probe(-1, &output);
        ASSERT_TRUE(!output.terminal);
}
