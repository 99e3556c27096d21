/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/environment-file.h"
#include "test.h"

/* That systemd and the gate read each value as it was is tested with real ones, in
 * tests/live/environment.sh. */
TEST(quotes_for_systemd) {
        static const struct {
                const char *assignment, *line;
        } table[] = {
                {"A=", "A=\"\""},
                {"A= b  c ", "A=\" b  c \""},
                {"A=\"'`", "A=\"\\\"'\\`\""},
                {"A=$HOME ${B} %h", "A=\"\\$HOME \\${B} %h\""},
                {"A=\\n", "A=\"\\\\n\""},
                {"A=one\n#two\t", "A=\"one\n#two\t\""},
                {"A==", "A=\"=\""},
                {"A=\xc3\xbc", "A=\"\xc3\xbc\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *expected = xasprintf("# A\n%s\n", table[i].line), *text = NULL;
                _cleanup_strv_ char **environment = NULL;

                test_set_row("%zu", i);
                strv_push(&environment, table[i].assignment);
                text = environment_file_print(environment);
                ASSERT_STREQ(text, expected);
        }
}

TEST(begins_with_the_names) {
        _cleanup_strv_ char **environment = NULL;
        _cleanup_free_ char *text = NULL, *nothing = environment_file_print(NULL);

        strv_push(&environment, "A=1");
        strv_push(&environment, "BC=2=3");
        text = environment_file_print(environment);
        ASSERT_STREQ(text, "# A BC\nA=\"1\"\nBC=\"2=3\"\n");
        ASSERT_STREQ(nothing, "#\n");
}

TEST(is_plain_for_the_gate) {
        static const char expected[] = "A=1\0BC=\"$2\"\n\0";
        _cleanup_strv_ char **environment = NULL;
        _cleanup_free_ char *text = NULL, *nothing = NULL;
        size_t size;

        strv_push(&environment, "A=1");
        strv_push(&environment, "BC=\"$2\"\n");
        text = environment_file_print_plain(environment, &size);
        ASSERT_EQ(size, sizeof(expected) - 1);
        ASSERT_TRUE(memcmp(text, expected, size) == 0);
        nothing = environment_file_print_plain(NULL, &size);
        ASSERT_EQ(size, (size_t) 0);
}
