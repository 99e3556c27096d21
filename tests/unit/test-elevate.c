/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/process.h"
#include "base/strv.h"
#include "elevate/elevate.h"
#include "project-util.h"

static const char *const awkward[] = {"prog", "up",     "",          " ",         "a b", "$HOME",
                                      "%s",   "\"'`\\", "new\nline", "*",         "--",  "-u",
                                      "root", "A=b",    "\377\376",  "--root=/x", NULL};

/* A sudo that writes down what it was called with, each word followed by a NUL byte, and exits with 7. Asked
 * with -n whether it needs a password, it does where there is a file "password". */
static void make_tool(const TestDir *dir, const char *name) {
        ASSERT_EQ(test_shell(dir,
                             "mkdir -p bin && { echo '#!/bin/sh'; echo 'if [ \"$1\" = -n ]; then "
                             "[ ! -e %s/password ] && exit; echo a password is required; exit 1; fi'; "
                             "echo 'for a; do printf \"%%s\\\\0\" "
                             "\"$a\"; done > "
                             "\"%s/log\"'; echo 'exit 7'; } > bin/%s && chmod 4755 bin/%s && chmod 1777 .",
                             dir->path, dir->path, name, name),
                  0);
}

static void use_tools_of(const TestDir *dir) {
        _cleanup_free_ char *path = xasprintf("%s/bin", dir->path);

        (void) setenv("PATH", path, 1);
}

static void run_awkward(const TestDir *dir) {
        char *extra[] = {(char *) "--extra one", (char *) "", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        (void) elevate(ELEMENTSOF(awkward) - 1, (char **) awkward, extra, &error);
        test_fail(__FILE__, __LINE__, "%s", error.message);
}

static int run_in_child(const TestDir *dir, void (*run)(const TestDir *)) {
        int status;
        pid_t pid = fork();

        if (pid == 0)
                run(dir);
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_log(const TestDir *dir) {
        static const char *const before[] = {ELEVATE_MARK, "--extra one", ""};
        char self[4096] = "";
        _cleanup_free_ char *log = NULL;
        const char *p;
        size_t size;
        int fd = openat(dir->fd, "log", O_RDONLY | O_CLOEXEC);

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, "log", 65536, &log, &size, NULL));
        (void) close(fd);
        ASSERT_TRUE(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
        p = log;
        ASSERT_STREQ(p, self);
        p += strlen(p) + 1;
        for (size_t i = 0; i < ELEMENTSOF(before); i++, p += strlen(p) + 1)
                ASSERT_STREQ(p, before[i]);
        for (size_t i = 1; awkward[i]; i++, p += strlen(p) + 1)
                ASSERT_STREQ(p, awkward[i]);
        ASSERT_TRUE(p == log + size);
        ASSERT_OK(unlinkat(dir->fd, "log", 0));
}

TEST(arguments_arrive_as_they_are) {
        static const char *const tools[] = {"sudo", "doas", "pkexec"};
        _cleanup_free_ char *path = xstrdup(getenv("PATH"));

        for (size_t i = 0; i < ELEMENTSOF(tools); i++) {
                TEST_DIR(dir);
                test_set_row("%s", tools[i]);
                make_tool(&dir, tools[i]);
                use_tools_of(&dir);
                /* This machine may have another one that comes first. */
                (void) setenv("FC_ELEVATE", tools[i], 1);
                ASSERT_EQ(run_in_child(&dir, run_awkward), 7);
                check_log(&dir);
                (void) setenv("PATH", path, 1);
        }
        (void) unsetenv("FC_ELEVATE");
}

TEST(the_first_one_is_taken) {
        _cleanup_free_ char *path = xstrdup(getenv("PATH"));

        (void) unsetenv("FC_ELEVATE");
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir bin && cp /bin/false bin/doas && cp /bin/false bin/pkexec"), 0);
        make_tool(&dir, "sudo");
        use_tools_of(&dir);
        ASSERT_EQ(run_in_child(&dir, run_awkward), 7);
        (void) setenv("PATH", path, 1);
        check_log(&dir);
}

static void run_without_terminal(const TestDir *dir) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        (void) setsid();
        (void) elevate(ELEMENTSOF(awkward) - 1, (char **) awkward, NULL, &error);
        if (!streq(error.message,
                   "this needs root, and sudo does not give it without a terminal to ask for a "
                   "password") ||
            !streq(error.evidence[0], "a password is required"))
                test_fail(__FILE__, __LINE__, "%s", error.message);
        _exit(error.exit);
}

TEST(sudo_that_could_ask_for_nothing_is_not_run) {
        _cleanup_free_ char *path = xstrdup(getenv("PATH"));

        (void) setenv("FC_ELEVATE", "sudo", 1);
        TEST_DIR(dir);
        make_tool(&dir, "sudo");
        use_tools_of(&dir);
        ASSERT_EQ(run_in_child(&dir, run_without_terminal), 7);
        (void) setenv("PATH", path, 1);
        ASSERT_EQ(test_shell(&dir, "touch password"), 0);
        use_tools_of(&dir);
        ASSERT_EQ(run_in_child(&dir, run_without_terminal), FC_EXIT_HOST);
        /* It has another way to ask. */
        (void) setenv("SUDO_ASKPASS", "/bin/false", 1);
        ASSERT_EQ(run_in_child(&dir, run_without_terminal), 7);
        (void) unsetenv("SUDO_ASKPASS");
        (void) unsetenv("FC_ELEVATE");
        (void) setenv("PATH", path, 1);
}

/* This sudo cannot make a user root: NixOS has such a one in the system's profile, and a development
 * shell has another. */
TEST(one_without_its_bit_is_passed_over) {
        _cleanup_free_ char *path = xstrdup(getenv("PATH")), *search = NULL;

        (void) unsetenv("FC_ELEVATE");
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir first && cp /bin/false first/sudo"), 0);
        make_tool(&dir, "sudo");
        search = xasprintf("%s/first:%s/bin", dir.path, dir.path);
        (void) setenv("PATH", search, 1);
        ASSERT_EQ(run_in_child(&dir, run_awkward), 7);
        check_log(&dir);
        (void) setenv("FC_ELEVATE", "sudo", 1);
        ASSERT_EQ(run_in_child(&dir, run_awkward), 7);
        (void) unsetenv("FC_ELEVATE");
        (void) setenv("PATH", path, 1);
        check_log(&dir);
}

/* NixOS's is taken before any other. */
static void with_wrappers(const TestDir *dir) {
        _cleanup_free_ char *bin = xasprintf("%s/bin", dir->path);

        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        ASSERT_OK(mount("tmpfs", "/run", "tmpfs", 0, NULL));
        ASSERT_OK(mkdir("/run/wrappers", 0755));
        ASSERT_OK(symlink(bin, "/run/wrappers/bin"));
        run_awkward(dir);
}

TEST(wrappers_of_nixos_are_first) {
        _cleanup_free_ char *path = xstrdup(getenv("PATH")), *other = NULL;

        if (geteuid() != 0)
                SKIP("needs root, to have a /run of its own");
        (void) unsetenv("FC_ELEVATE");
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir other && cp /bin/false other/sudo && chmod 4755 other/sudo"), 0);
        make_tool(&dir, "sudo");
        other = xasprintf("%s/other", dir.path);
        (void) setenv("PATH", other, 1);
        ASSERT_EQ(run_in_child(&dir, with_wrappers), 7);
        (void) setenv("PATH", path, 1);
        check_log(&dir);
}

TEST(chosen_tool) {
        _cleanup_free_ char *path = xstrdup(getenv("PATH")), *absolute = NULL;

        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir bin && cp /bin/false bin/sudo"), 0);
        make_tool(&dir, "mine");
        absolute = xasprintf("%s/bin/mine", dir.path);
        (void) setenv("FC_ELEVATE", absolute, 1);
        ASSERT_EQ(run_in_child(&dir, run_awkward), 7);
        check_log(&dir);
        use_tools_of(&dir);
        (void) setenv("FC_ELEVATE", "mine", 1);
        ASSERT_EQ(run_in_child(&dir, run_awkward), 7);
        (void) setenv("PATH", path, 1);
        check_log(&dir);
        (void) unsetenv("FC_ELEVATE");
}

TEST(refusals) {
        static const struct {
                const char *chosen, *message;
        } table[] = {
                {"/nonexistent/sudo", "FC_ELEVATE names '/nonexistent/sudo'"},
                {"no-such-program-here", "FC_ELEVATE names 'no-such-program-here'"},
                {"../sudo", "FC_ELEVATE names '../sudo'"},
        };
        char *argv[] = {(char *) "prog", (char *) "up", NULL};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                (void) setenv("FC_ELEVATE", table[i].chosen, 1);
                ASSERT_ERROR(elevate(2, argv, NULL, &error), &error, FC_EXIT_HOST, table[i].message);
        }
        (void) unsetenv("FC_ELEVATE");
}

/* A sudo that does not make us root must not be asked again and again. */
TEST(no_loop) {
        char *argv[] = {(char *) "prog", (char *) ELEVATE_MARK, (char *) "up", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_ERROR(elevate(3, argv, NULL, &error), &error, FC_EXIT_HOST, "still not root");
}

/* Only in the first place: in `exec db -- --elevated` it belongs to the command. */
TEST(mark_elsewhere) {
        char *argv[] = {(char *) "prog", (char *) "exec", (char *) "db", (char *) ELEVATE_MARK, NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        (void) setenv("FC_ELEVATE", "/nonexistent/sudo", 1);
        ASSERT_ERROR(elevate(4, argv, NULL, &error), &error, FC_EXIT_HOST, "FC_ELEVATE");
        (void) unsetenv("FC_ELEVATE");
}

static const char *const all_tools[] = {"sudo", "run0", "doas", "pkexec"};

/* Hides what this machine has from this process. */
static void hide_tools(void) {
        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        for (size_t i = 0; i < ELEMENTSOF(all_tools); i++)
                for (;;) {
                        _cleanup_free_ char *path = process_find_program(all_tools[i], NULL);

                        if (!path)
                                break;
                        ASSERT_OK(mount("/dev/null", path, NULL, MS_BIND, NULL));
                }
}

static void no_tool(const TestDir *dir) {
        char *argv[] = {(char *) "prog", (char *) "up", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        hide_tools();
        ASSERT_ERROR(elevate(2, argv, NULL, &error), &error, FC_EXIT_HOST,
                     "there is no sudo, run0, doas or pkexec");
        _exit(0);
}

TEST(nothing_there) {
        if (geteuid() != 0)
                SKIP("needs root, to hide what this machine has");
        (void) unsetenv("FC_ELEVATE");
        ASSERT_EQ(run_in_child(NULL, no_tool), 0);
}

static void program_is_gone(const TestDir *dir) {
        char *argv[] = {(char *) "prog", (char *) "up", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_EQ(elevate(2, argv, NULL, &error), -ENOENT);
        ASSERT_TRUE(strstr(error.message, "again as root") != NULL);
        _exit(0);
}

/* Rebuilt while it runs: what lies there now is another program. */
TEST(replaced_program) {
        char self[4096] = "";

        if (getenv("FC_TEST_GONE")) {
                ASSERT_TRUE(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
                ASSERT_OK(unlink(self));
                program_is_gone(NULL);
        }
        TEST_DIR(dir);
        ASSERT_TRUE(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
        ASSERT_EQ(test_shell(&dir, "cp '%s' copy && FC_TEST_GONE=1 ./copy replaced_program", self), 0);
}
