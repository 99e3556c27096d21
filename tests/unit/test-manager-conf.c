/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/manager-conf.h"
#include "test.h"

/* That systemd reads each value as it was is tested with a real one, in tests/live/environment.sh. */
TEST(escapes) {
        static const struct {
                const char *assignment, *line;
        } table[] = {
                {"A=", "\"A=\""},
                {"A= b  c ", "\"A= b  c \""},
                {"A=\"'`", "\"A=\\\"'`\""},
                {"A=%h %%", "\"A=%%h %%%%\""},
                {"A=$HOME ${B}", "\"A=$HOME ${B}\""},
                {"A=\\", "\"A=\\\\\""},
                {"A=\\n\n#x\t", "\"A=\\\\n\\n#x\\t\""},
                {"A=\xc3\xbc", "\"A=\xc3\xbc\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *expected =
                        xasprintf("[Manager]\nDefaultEnvironment=%s\n", table[i].line);
                _cleanup_strv_ char **environment = NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu", i);
                strv_push(&environment, table[i].assignment);
                text = manager_conf_print(environment);
                ASSERT_STREQ(text, expected);
        }
}

TEST(one_line_each) {
        _cleanup_strv_ char **environment = NULL;
        _cleanup_free_ char *text = NULL;

        strv_push(&environment, "A=1");
        strv_push(&environment, "B=2");
        text = manager_conf_print(environment);
        ASSERT_STREQ(text, "[Manager]\nDefaultEnvironment=\"A=1\"\nDefaultEnvironment=\"B=2\"\n");
}
