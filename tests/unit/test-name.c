/* SPDX-License-Identifier: MIT */

#include "spec/name.h"
#include "test.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

TEST(accepts) {
        static const char *const table[] = {"a", "0", "db", "httpserver", "web-2", "a--b", "3com", A63};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i]);
                ASSERT_OK(name_check(table[i], "container", &error), &error);
                ASSERT_TRUE(!error_is_set(&error));
        }
}

TEST(refuses) {
        static const char *const table[] = {
                "-",        "-a",
                "a-",       "--",
                ".",        "..",
                ".a",       "a.",
                "a.b",      "a/b",
                "/a",       "../x",
                "A",        "Web",
                "aB",       "a_b",
                "a b",      " a",
                "a ",       "a\n",
                "a\t",      "a\x1b[0m",
                "\xc3\xa9", "a\xcc\x81",
                "\xff",     "@a",
                "a@b",      "a:b",
                "$a",       "%i",
                "a\\b",     "'",
                "\"",       "*",
                "~",        A63 "a",
                A63 "aa",   A63 A63 A63 A63 A63,
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i]);
                ASSERT_ERROR(name_check(table[i], "container", &error), &error, FC_EXIT_USAGE,
                             "cannot name a container: allowed are 1 to 63 of a-z, 0-9 and '-'");
                ASSERT_TRUE(strlen(error.message) < 300);
                ASSERT_TRUE(name_check(table[i], "container", NULL) < 0);
        }
}

TEST(refuses_empty) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_ERROR(name_check("", "volume", &error), &error, FC_EXIT_USAGE,
                     "the name of the volume is empty");
}
