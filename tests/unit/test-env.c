/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/argument.h"
#include "spec/env.h"
#include "test.h"

TEST(accepts) {
        static const struct {
                const char *name, *value;
        } table[] = {
                {"A", ""},
                {"_", "x"},
                {"a1_B", "$HOME %i \\ ' \" = : ;"},
                {"LINES_AND_TABS", "a\tb\nc\n"},
                {"UTF8", "\xc3\xa9\xf0\x9f\x98\x80"},
                {"PATH", "/bin"},
                {"CONTAINER", "not the reserved one"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].name);
                ASSERT_OK(env_check(table[i].name, table[i].value, &error), &error);
        }
}

TEST(refuses) {
        static const struct {
                const char *name, *value, *message;
        } table[] = {
                {"", "x", "the name of a variable is empty"},
                {"1A", "x", "'1A' cannot name a variable: allowed are letters"},
                {"A-B", "x", "'A-B' cannot name a variable"},
                {"A=B", "x", "'A=B' cannot name a variable"},
                {"A B", "x", "cannot name a variable"},
                {"A\n", "x", "cannot name a variable"},
                {"\xc3\xa9", "x", "cannot name a variable"},
                {"BASH_FUNC_x%%", "x", "cannot name a variable"},
                {"NOTIFY_SOCKET", "x", "the variable 'NOTIFY_SOCKET' is set by systemd-nspawn"},
                {"container", "x", "the variable 'container' is set by systemd-nspawn"},
                {"CREDENTIALS_DIRECTORY", "", "is set by systemd-nspawn"},
                {"A", "\x1b[0m", "the value of 'A' contains the byte 0x1b"},
                {"A", "a\r\n", "the value of 'A' contains the byte 0x0d"},
                {"A", "\x7f", "contains the byte 0x7f"},
                {"A", "ok\xff", "contains the byte 0xff"},
                {"A", "\xed\xa0\x80", "contains the byte 0xed"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu %s", i, table[i].name);
                ASSERT_ERROR(env_check(table[i].name, table[i].value, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
        }
}

TEST(length_is_what_one_argument_may_have) {
        const size_t n = ARGUMENT_SIZE_MAX - strlen("--setenv=KEY=") - 1;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *value = xmalloc0(n + 2);

        memset(value, 'v', n);
        ASSERT_OK(env_check("KEY", value, &error), &error);
        value[n] = 'v';
        ASSERT_ERROR(env_check("KEY", value, &error), &error, FC_EXIT_USAGE,
                     "the variable 'KEY' is longer than the 131071 bytes");
}
