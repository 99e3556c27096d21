/* SPDX-License-Identifier: MIT */

/* The wrapped command is really given to /bin/sh: what counts is that the program at the end gets the same
 * bytes. */

#include <fcntl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "enter/carry.h"
#include "test.h"

TEST(tells_plain_from_not) {
        static const struct {
                const char *text;
                bool argument, assignment;
        } table[] = {
                {"", true, true},
                {"plain", true, true},
                {"$HOME ${HOME} %n \"q\" 's' \\", true, true},
                {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", true, true},
                {"tab\tnewline\n", true, true},
                {"\x1b[1m", true, false},
                {"a\rb", true, false},
                {"\x7f", true, false},
                {"\x01", true, false},
                {"\xff", false, false},
                {"\xc3", false, false},
                {"a\x80", false, false},
                {"\xc0\xaf", false, false},         /* overlong */
                {"\xed\xa0\x80", false, false},     /* surrogate */
                {"\xf4\x90\x80\x80", false, false}, /* beyond U+10FFFF */
                {"\xef\xbf\xbe", false, false},     /* U+FFFE */
                {"\xef\xb7\x90", false, false},     /* U+FDD0 */
                {"\xf0\x9f\xbf\xbf", false, false}, /* U+1FFFF */
                {"\xef\xbf\xbd", true, true},       /* U+FFFD */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(carry_argument_is_plain(table[i].text), table[i].argument);
                ASSERT_EQ(carry_assignment_is_plain(table[i].text), table[i].assignment);
        }
}

/* Runs it; what it writes is in `ret`, with its size. */
static void run(char *const *argv, char *const *environment, char **ret, size_t *ret_size) {
        int pipe_fd[2], status;
        pid_t pid;

        ASSERT_OK(pipe2(pipe_fd, O_CLOEXEC));
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                (void) dup2(pipe_fd[1], STDOUT_FILENO);
                (void) execve("/bin/sh", argv, environment);
                _exit(127);
        }
        (void) close(pipe_fd[1]);
        ASSERT_OK(fs_read_fd(pipe_fd[0], "output", 1024 * 1024, ret, ret_size, NULL));
        (void) close(pipe_fd[0]);
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}

TEST(arguments_arrive_byte_for_byte) {
        static const char *const arguments[] = {
                "plain",           "",        " ",    "\n",         "a\n\n",    "\xff\xfe\x80",
                "$HOME",           "${HOME}", "`id`", "$(id)",      "a'b",      "a\"b",
                "back\\0",         "\\0101",  "%s%n", "-n",         "--",       "*",
                "\x01\x7f\x1b[1m", "a=b",     "x",    "trailing x", "\t\v\f\r",
        };
        const char *argv[ELEMENTSOF(arguments) + 3] = {"printf", "%s|"};
        _cleanup_strv_ char **environment = NULL, **wrapped = NULL;
        _cleanup_free_ char *output = NULL, *expected = NULL;
        size_t size = 0, expected_size = 0;
        FILE *f = open_memstream(&expected, &expected_size);

        for (size_t i = 0; i < ELEMENTSOF(arguments); i++) {
                argv[i + 2] = arguments[i];
                (void) fprintf(f, "%s|", arguments[i]);
        }
        (void) fclose(f);

        wrapped = carry_wrap("/usr/bin/printf", (char *const *) argv, &environment, NULL);
        STRV_FOREACH (s, wrapped)
                ASSERT_TRUE(carry_argument_is_plain(*s));
        run(wrapped, environment, &output, &size);
        ASSERT_EQ(size, expected_size);
        ASSERT_TRUE(memcmp(output, expected, size) == 0);
}

/* EnvironmentFile= of a unit counts more than Environment=. */
TEST(variables_that_would_not_count_are_exported) {
        const char *const outweighed[] = {"A", "BC", NULL};
        const char *argv[] = {"env", "-0", NULL};
        _cleanup_strv_ char **environment = NULL, **wrapped = NULL;
        _cleanup_free_ char *output = NULL;
        size_t size = 0;

        ASSERT_TRUE(!carry_assignment_holds("A=", (char *const *) outweighed));
        ASSERT_TRUE(carry_assignment_holds("AB=A=", (char *const *) outweighed));
        ASSERT_TRUE(carry_assignment_holds("B=BC", (char *const *) outweighed));
        ASSERT_TRUE(carry_assignment_holds("A=", NULL));
        ASSERT_TRUE(!carry_assignment_holds("X=\x1b", (char *const *) outweighed));
        strv_push(&environment, "A=one two");
        strv_push(&environment, "B=stays");
        strv_push(&environment, "BC=$x\n");
        wrapped = carry_wrap("/usr/bin/env", (char *const *) argv, &environment, (char *const *) outweighed);
        ASSERT_EQ(strv_length(environment), (size_t) 1);
        ASSERT_STREQ(environment[0], "B=stays");
        /* As systemd adds them. */
        strv_push(&environment, "A=of the file");
        run(wrapped, environment, &output, &size);
        ASSERT_TRUE(memmem(output, size, "A=one two", strlen("A=one two") + 1) != NULL);
        ASSERT_TRUE(memmem(output, size, "BC=$x\n", strlen("BC=$x\n") + 1) != NULL);
        ASSERT_TRUE(memmem(output, size, "of the file", strlen("of the file")) == NULL);
}

TEST(variables_arrive_byte_for_byte) {
        const char *argv[] = {"env", "-0", NULL};
        _cleanup_strv_ char **environment = NULL, **wrapped = NULL;
        _cleanup_free_ char *output = NULL;
        size_t size = 0;
        const char *const expected[] = {"PLAIN=$x \xc3\xa4", "COLOR=\x1b[1m", "BYTES=\xff\n", "_fc_a=kept",
                                        "EMPTY="};

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                strv_push(&environment, expected[i]);
        wrapped = carry_wrap("/usr/bin/env", (char *const *) argv, &environment, NULL);
        /* Those that can travel stay where they are. */
        ASSERT_EQ(strv_length(environment), (size_t) 3);
        STRV_FOREACH (s, environment)
                ASSERT_TRUE(carry_assignment_is_plain(*s));

        run(wrapped, environment, &output, &size);
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                test_set_row("%s", expected[i]);
                /* The wrapper's own names are taken; nothing else uses them. */
                if (strncmp(expected[i], "_fc_", 4) != 0)
                        ASSERT_TRUE(memmem(output, size, expected[i], strlen(expected[i]) + 1) != NULL);
        }
}
