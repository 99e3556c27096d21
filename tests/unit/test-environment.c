/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "enter/environment.h"
#include "test.h"

static char root_name[] = "root", root_home[] = "/root", root_shell[] = "/bin/bash";
static const Account root = {.known = true, .name = root_name, .home = root_home, .shell = root_shell};

#define STRV(...) ((char *const *) (const char *const[]){__VA_ARGS__, NULL})

TEST(has_what_a_login_has) {
        _cleanup_strv_ char **e = environment_for(
                NULL, &root, false, false, STRV("TERM=xterm", "SECRET=x", "PATH=/host", "LANG=de_DE"), NULL);

        ASSERT_STREQ(environment_get(e, "PATH"),
                     "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        ASSERT_STREQ(environment_get(e, "HOME"), "/root");
        ASSERT_STREQ(environment_get(e, "USER"), "root");
        ASSERT_STREQ(environment_get(e, "LOGNAME"), "root");
        ASSERT_STREQ(environment_get(e, "SHELL"), "/bin/bash");
        /* Nothing of the host's comes in. */
        ASSERT_STREQ(environment_get(e, "SECRET"), NULL);
        ASSERT_STREQ(environment_get(e, "TERM"), NULL);
        ASSERT_STREQ(environment_get(e, "LANG"), NULL);
}

TEST(knows_the_kind_of_terminal) {
        _cleanup_strv_ char **with = environment_for(
                NULL, &root, false, true, STRV("TERM=xterm-256color", "COLORTERM=truecolor"), NULL);
        _cleanup_strv_ char **without = environment_for(NULL, &root, false, true, STRV("TERM="), NULL);

        ASSERT_STREQ(environment_get(with, "TERM"), "xterm-256color");
        ASSERT_STREQ(environment_get(with, "COLORTERM"), "truecolor");
        ASSERT_STREQ(environment_get(without, "TERM"), "vt220");
        ASSERT_STREQ(environment_get(without, "COLORTERM"), NULL);
}

TEST(nixos_programs_are_found) {
        _cleanup_strv_ char **e = environment_for(NULL, &root, true, false, NULL, NULL);
        const char *path = environment_get(e, "PATH");

        ASSERT_TRUE(strncmp(path, "/run/wrappers/bin:", 18) == 0);
        ASSERT_TRUE(strstr(path, ":/run/current-system/sw/bin:") != NULL);
}

TEST(own_variables_win) {
        _cleanup_strv_ char **e = environment_for(
                STRV("A=leader", "PATH=/leader", "HOME=/leader"), &root, false, true, STRV("TERM=xterm"),
                STRV("HOME=/h", "A=1", "A=2", "TERM=dumb", "PATH=/p", "E="));

        ASSERT_STREQ(environment_get(e, "HOME"), "/h");
        ASSERT_STREQ(environment_get(e, "A"), "2");
        ASSERT_STREQ(environment_get(e, "TERM"), "dumb");
        ASSERT_STREQ(environment_get(e, "PATH"), "/p");
        ASSERT_STREQ(environment_get(e, "E"), "");
        /* Each once. */
        for (size_t i = 0; e[i]; i++)
                for (size_t j = i + 1; e[j]; j++)
                        ASSERT_TRUE(strncmp(e[i], e[j], strcspn(e[i], "=") + 1) != 0);
}

TEST(the_containers_own_comes_next) {
        _cleanup_strv_ char **e = environment_for(STRV("A=leader", "PATH=/leader", "HOME=/leader"), &root,
                                                  false, false, NULL, NULL);

        ASSERT_STREQ(environment_get(e, "A"), "leader");
        ASSERT_STREQ(environment_get(e, "PATH"), "/leader");
        ASSERT_STREQ(environment_get(e, "HOME"), "/root");
}

TEST(refuses_what_is_no_variable) {
        static const struct {
                const char *assignment, *message;
        } table[] = {
                {"A", "is not NAME=VALUE"}, {"", "is not NAME=VALUE"}, {"=x", "a name has"},
                {"1A=x", "a name has"},     {"a-b=x", "a name has"},   {"a.b=x", "a name has"},
                {" A=x", "a name has"},     {"A =x", "a name has"},    {"\xc3\xa4=x", "a name has"},
                {"A\n=x", "a name has"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu", i);
                /* A newline in the name would be one in the message: not of one line is the only thing wrong
                 * with it, so it is not looked at here. */
                if (strchr(table[i].assignment, '\n'))
                        ASSERT_TRUE(environment_check(STRV("B=1", table[i].assignment), &error) < 0);
                else
                        ASSERT_ERROR(environment_check(STRV("B=1", table[i].assignment), &error), &error,
                                     FC_EXIT_USAGE, table[i].message);
        }
        ASSERT_OK(environment_check(STRV("A=", "_a1=b=c", "z=\n\t\x1b"), NULL));
        ASSERT_OK(environment_check(NULL, NULL));
}
