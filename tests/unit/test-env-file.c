/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "base/strv.h"
#include "spec/env-file.h"

static int parse(const char *text, bool services, char ***ret, Error *reterr) {
        /* Exactly as large as the text, so that the sanitizer sees a read beyond it. */
        size_t size = strlen(text);
        _cleanup_free_ char *copy = xmalloc0(size);

        memcpy(copy, text, size);
        return env_file_parse(copy, size, services, ret, reterr);
}

/* What systemd 252 and 257 (EnvironmentFile=) and docker compose 2 (env_file) read in the same way. */
TEST(reads) {
        static const struct {
                const char *text, *expected;
        } table[] = {
                {"", ""},
                {"\n \n\t\n", ""},
                {"# A=b\n  # c\n", ""},
                {"A=b", "[A=b]"},
                {"A=b\n", "[A=b]"},
                {"A=b\r\nB=c\r\n", "[A=b][B=c]"},
                {"  A=b\n", "[A=b]"},
                {"A=\nB=\n", "[A=][B=]"},
                {"A=b c  \n", "[A=b c]"},
                {"A=b#c;d=e\n", "[A=b#c;d=e]"},
                {"A=''\nB=\"\"\n", "[A=][B=]"},
                {"A=' b # $c \\d \"e\" `f` '  \n", "[A= b # $c \\d \"e\" `f` ]"},
                {"A=\" b # c 'd' `e`\"\n", "[A= b # c 'd' `e`]"},
                {"A=\"\\\"\\\\\\$\"\n", "[A=\"\\$]"},
                {"A='b\n#c\n\nd'\nB=e\n", "[A=b\n#c\n\nd][B=e]"},
                {"A=\"b\nc\"\n", "[A=b\nc]"},
                {"_a1=\xc3\xbc\n", "[_a1=\xc3\xbc]"},
                {"PATH=/bin\nMAINPID=7\n", "[PATH=/bin][MAINPID=7]"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_strv_ char **variables = NULL;
                _cleanup_free_ char *seen = xstrdup("");

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_OK(parse(table[i].text, false, &variables, &error), &error);
                STRV_FOREACH (variable, variables) {
                        char *longer = xasprintf("%s[%s]", seen, *variable);

                        free(seen);
                        seen = longer;
                }
                ASSERT_STREQ(seen, table[i].expected);
        }
}

TEST(refuses) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"\xef\xbb\xbf"
                 "A=b\n",
                 "line 1: begins with a byte order mark"},
                {"A=b\ns3cret\n", "line 2: is not NAME=VALUE"},
                {"A\r\n", "line 1: is not NAME=VALUE"},
                {"; A=b\n", "line 1: what stands before '=' cannot name a variable"},
                {"export A=s3cret\n", "line 1: begins with 'export', which systemd does not know"},
                {"=s3cret\n", "line 1: what stands before '=' cannot name a variable"},
                {"s3-cret=b\n", "line 1: what stands before '=' cannot name a variable"},
                {"1A=b\n", "line 1: what stands before '=' cannot name a variable"},
                {"A =b\n", "line 1: what stands before '=' cannot name a variable"},
                {"A= s3cret\n", "line 1: after 'A=' is a space"},
                {"A=\n\n\nB=\t\n", "line 4: after 'B=' is a space"},
                {"A=s3cret # c\n", "line 1: after 'A' is a '#': put a comment"},
                {"A=#s3cret\n", "line 1: after 'A' is a '#'"},
                {"A=s3cret$B\n", "line 1: in the value of 'A' is a $, which needs single quotes"},
                {"A=s3cret\\\nB=c\n", "line 1: in the value of 'A' is a \\, which needs single quotes"},
                {"A=s3`cret\n", "line 1: in the value of 'A' is a `"},
                {"A=s3'cret'\n", "line 1: in the value of 'A' is a '"},
                {"A=s3\"cret\n", "line 1: in the value of 'A' is a \""},
                {"A='s3cret\nB=c\n", "line 1: the value of 'A' has no ' at its end"},
                {"A=\"s3cret\n", "line 1: the value of 'A' has no \" at its end"},
                {"A=\"s3cret\\", "line 1: in the value of 'A' is a \\ that stands before none of"},
                {"A=\"s3cret\\\"", "line 1: the value of 'A' has no \" at its end"},
                {"A='s3cret\\'\n", "line 1: in the value of 'A' is a \\', which means nothing"},
                {"A=\"s3cret\\n\"\n", "line 1: in the value of 'A' is a \\ that stands before none of"},
                {"A=\"s3cret\\`\"\n", "line 1: in the value of 'A' is a \\ that stands before none of"},
                {"A=\"s3cret$B\"\n", "line 1: in the value of 'A' is a $: write \\$"},
                {"A='s3cret' # c\n", "line 1: the value of 'A' goes on after its quotes"},
                {"A='s3'cret\n", "line 1: the value of 'A' goes on after its quotes"},
                {"A='s3\n\ncret'x\n", "line 3: the value of 'A' goes on after its quotes"},
                {"\nA=s3cret\x1b\n", "line 2: the value of 'A' is longer than Linux passes, has control"},
                {"A=s3\rcret\n", "line 1: the value of 'A' is longer"},
                {"A='s3\r\ncret'\n", "line 1: the value of 'A' is longer"},
                {"A=s3cret\xff\n", "line 1: the value of 'A' is longer"},
                {"A=b\nB=c\nA=s3cret\n", "line 3: 'A' is in line 1 already"},
                {"NOTIFY_SOCKET=s3cret\n", "line 1: the variable 'NOTIFY_SOCKET' is set by systemd-nspawn"},
                {"\nMAINPID=s3cret\n", "line 2: systemd sets this variable itself"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                char **variables = NULL;

                test_set_row("%zu: %s", i, table[i].text);
                ASSERT_ERROR(parse(table[i].text, true, &variables, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_TRUE(!variables);
                /* Of a secret no part is shown, wherever it stands. */
                ASSERT_TRUE(!strstr(error.message, "s3") && !strstr(error.message, "cret"));
        }
}

TEST(refuses_nul) {
        static const char text[] = "A=b\0\n";
        _cleanup_(error_done) Error error = ERROR_NULL;
        char **variables = NULL;

        ASSERT_ERROR(env_file_parse(text, sizeof(text) - 1, true, &variables, &error), &error, FC_EXIT_USAGE,
                     "NUL");
}

TEST(takes_4096_variables) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **variables = NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        for (int i = 0; i < 4096; i++)
                (void) fprintf(f, "A%d=\n", i);
        (void) fflush(f);
        ASSERT_OK(env_file_parse(text, size, true, &variables, &error), &error);
        ASSERT_EQ(strv_length(variables), 4096);
        (void) fputs("B=\n", f);
        (void) fclose(f);
        variables = strv_free(variables);
        ASSERT_ERROR(env_file_parse(text, size, true, &variables, &error), &error, FC_EXIT_USAGE,
                     "line 4097: there are more than 4096 variables");
        free(text);
}
