/* SPDX-License-Identifier: MIT */
#pragma once

/* What a unit test needs: one program per module, made of TEST() bodies that run in the order of the file.
 *
 *     TEST(refuses_empty) {
 *             _cleanup_(error_done) Error error = ERROR_NULL;
 *
 *             ASSERT_ERROR(name_check("", "container", &error), &error, FC_EXIT_USAGE, "is empty");
 *     }
 *
 * The first assertion that does not hold ends the program with status 1. A body that cannot run here says
 * SKIP("reason"): the others still run, and the program ends with 77, or with 1 when MUST_RUN=1 is set. A
 * word on the command line runs only the tests whose names contain it. This file holds main(): include it
 * once. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define TEST_EXIT_SKIP 77

typedef struct Test {
        const char *name;
        void (*run)(void);
        struct Test *next;
} Test;

static Test *test_first, **test_last = &test_first;
static const char *test_current;
static char test_row[256];
static unsigned test_n_skipped;

#define TEST(ident)                                                                                         \
        static void test_##ident(void);                                                                     \
        __attribute__((constructor)) static void test_register_##ident(void) {                              \
                static Test test = {.name = #ident, .run = test_##ident};                                   \
                *test_last = &test;                                                                         \
                test_last = &test.next;                                                                     \
        }                                                                                                   \
        static void test_##ident(void)

/* Names the row of a table that is being tested; shown when an assertion fails. */
_unused_ _printf_(1, 2) static void test_set_row(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(test_row, sizeof(test_row), format, ap);
        va_end(ap);
}

_unused_ _printf_(3, 4) static _Noreturn void test_fail(const char *file, int line, const char *format,
                                                        ...) {
        va_list ap;

        (void) fprintf(stderr, "%s:%d: %s: ", file, line, test_current ? test_current : "(no test)");
        if (test_row[0])
                (void) fprintf(stderr, "[%s] ", test_row);
        va_start(ap, format);
        (void) vfprintf(stderr, format, ap);
        va_end(ap);
        (void) fputc('\n', stderr);
        exit(1);
}

_unused_ static void test_skip(const char *reason) {
        (void) fprintf(stderr, "SKIP %s: %s\n", test_current, reason);
        test_n_skipped++;
}

/* Only in the body of a TEST(), not in its helpers. */
#define SKIP(reason)                                                                                        \
        do {                                                                                                \
                test_skip(reason);                                                                          \
                return;                                                                                     \
        } while (0)

#define ASSERT_TRUE(expression)                                                                             \
        do {                                                                                                \
                if (!(expression))                                                                          \
                        test_fail(__FILE__, __LINE__, "not true: %s", #expression);                         \
        } while (0)

#define ASSERT_EQ(a, b)                                                                                     \
        do {                                                                                                \
                __typeof__(a) _a_ = (a);                                                                    \
                __typeof__(b) _b_ = (b);                                                                    \
                if (_a_ != (__typeof__(a)) _b_)                                                             \
                        test_fail(__FILE__, __LINE__, "%s is %lld, %s is %lld", #a, (long long) _a_, #b,    \
                                  (long long) _b_);                                                         \
        } while (0)

/* NULL equals only NULL. */
#define ASSERT_STREQ(a, b) test_streq(__FILE__, __LINE__, #a, (a), (b))

/* ASSERT_OK(r) or ASSERT_OK(r, &error): r is not negative; the error is shown when it is. */
#define ASSERT_OK(...)                      ASSERT_OK_CHOOSE(__VA_ARGS__, test_ok_error, test_ok_plain, )(__VA_ARGS__)
#define ASSERT_OK_CHOOSE(a, b, choice, ...) choice
#define test_ok_plain(r)                    test_ok(__FILE__, __LINE__, #r, (r), NULL)
#define test_ok_error(r, error)             test_ok(__FILE__, __LINE__, #r, (r), (error))

/* `r` is negative, and the error that came with it has that exit code, a message of one line that contains
 * the text, and no full stop at its end. The error is left for further looks. */
#define ASSERT_ERROR(r, error, exit_code, text)                                                             \
        test_error(__FILE__, __LINE__, #r, (r), (error), (exit_code), (text))

_unused_ static void test_streq(const char *file, int line, const char *what, const char *a, const char *b) {
        if (a && b ? strcmp(a, b) != 0 : a != b)
                test_fail(file, line, "%s is '%s', expected '%s'", what, a ? a : "(NULL)", b ? b : "(NULL)");
}

_unused_ static void test_ok(const char *file, int line, const char *what, long long r, const Error *error) {
        if (r >= 0)
                return;
        if (error_is_set(error))
                test_fail(file, line, "%s: %s", what, error->message);
        test_fail(file, line, "%s: %s", what, strerror((int) -r));
}

_unused_ static void test_error(const char *file, int line, const char *what, long long r,
                                const Error *error, int exit_code, const char *text) {
        size_t n;

        if (r >= 0)
                test_fail(file, line, "%s succeeded, expected '%s'", what, text);
        if (!error_is_set(error))
                test_fail(file, line, "%s gave %lld without a message", what, r);
        if ((int) error->exit != exit_code)
                test_fail(file, line, "%s: exit code %d instead of %d: %s", what, (int) error->exit,
                          exit_code, error->message);
        if (!strstr(error->message, text))
                test_fail(file, line, "%s says '%s', expected '%s' in it", what, error->message, text);
        n = strlen(error->message);
        if (strchr(error->message, '\n') || (n > 0 && error->message[n - 1] == '.'))
                test_fail(file, line, "%s: not one line without full stop: '%s'", what, error->message);
}

/* As tests/lib/environment.bash has it for scripts: no test depends on what the caller has for programs of
 * their own, or touches the repository that a hook is run for. */
static void test_clean_environment(void) {
        static const char *const names[] = {
                "LC_ALL",          "LC_MESSAGES",     "LC_CTYPE",      "LANG",          "LANGUAGE",
                "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "GIT_DIR",       "GIT_WORK_TREE", "GIT_INDEX_FILE",
                "GIT_PREFIX",      "GIT_CONFIG",      "GIT_NAMESPACE", "TMPDIR",        "CI",
                "NO_COLOR",
        };

        (void) umask(022);
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                (void) unsetenv(names[i]);
}

int main(int argc, char *argv[]) {
        const char *must_run = getenv("MUST_RUN");
        unsigned n = 0;

        test_clean_environment();
        for (const Test *t = test_first; t; t = t->next) {
                if (argc > 1 && !strstr(t->name, argv[1]))
                        continue;
                test_current = t->name;
                test_row[0] = '\0';
                t->run();
                n++;
        }
        if (n == 0) {
                (void) fprintf(stderr, "no test ran\n");
                return 1;
        }
        if (test_n_skipped == 0)
                return 0;
        return must_run && strcmp(must_run, "1") == 0 ? 1 : TEST_EXIT_SKIP;
}
