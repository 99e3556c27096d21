/* SPDX-License-Identifier: MIT */

/* Libraries that are loaded when they are needed, and what is said where they are not there. */

#include "test.h"

#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/library.h"

#define MATHS   "libm.so.6"
#define MISSING "libfc-none.so.9"

static Library maths(void) {
        return (Library){.soname = MATHS, .path = "/none/" MATHS, .hint = "install maths"};
}

static Library missing(void) {
        return (Library){.soname = MISSING, .path = "/none/" MISSING, .hint = "install it"};
}

/* What a process says and exits with that calls it; owned by the caller. */
static char *call(Library *library, const char *name, int *ret_status) {
        char text[1024] = "";
        int fds[2];
        pid_t pid;

        ASSERT_TRUE(pipe(fds) >= 0);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                (void) dup2(fds[1], STDERR_FILENO);
                (void) library_function(library, name);
                _exit(0);
        }
        (void) close(fds[1]);
        ASSERT_EQ(waitpid(pid, ret_status, 0), pid);
        ASSERT_TRUE(read(fds[0], text, sizeof(text) - 1) >= 0);
        (void) close(fds[0]);
        return xstrdup(text);
}

TEST(loads_by_name_or_by_path) {
        Library by_name = maths(), by_path = missing();
        _cleanup_(error_done) Error error = ERROR_NULL;

        by_path.path = MATHS;
        ASSERT_OK(library_open(&by_name, &error), &error);
        ASSERT_OK(library_open(&by_path, &error), &error);
        ASSERT_TRUE(library_function(&by_name, "cos") == library_function(&by_path, "cos"));
}

TEST(says_what_is_missing) {
        Library none = missing(), old = maths();
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *library = NULL, *function = NULL;
        int status;

        ASSERT_ERROR(library_open(&none, &error), &error, FC_EXIT_HOST, "load " MISSING ": ");
        ASSERT_STREQ(error.hints[0], "install it");
        library = call(&none, "cos", &status);
        ASSERT_EQ(WEXITSTATUS(status), FC_EXIT_HOST);
        ASSERT_TRUE(strstr(library, "error: load " MISSING ": ") == library);
        ASSERT_TRUE(strstr(library, "\n  install it\n"));
        function = call(&old, "fc_none", &status);
        ASSERT_EQ(WEXITSTATUS(status), FC_EXIT_HOST);
        ASSERT_TRUE(strstr(function, "fc_none"));
        ASSERT_TRUE(strstr(function, "\n  install maths\n"));
}

/* The last one: it cannot be taken back. */
TEST(sealed) {
        Library before = maths(), after = maths();
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(library_open(&before, &error), &error);
        library_seal();
        ASSERT_TRUE(library_function(&before, "cos"));
        ASSERT_ERROR(library_open(&after, &error), &error, FC_EXIT_INTERNAL,
                     "load " MATHS ": not from a container's files");
}
