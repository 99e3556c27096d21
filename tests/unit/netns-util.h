/* SPDX-License-Identifier: MIT */
#pragma once

/* Network namespaces for tests of the network: a body runs in a child process with a fresh one, and a child
 * process holds one open for others to enter. Include after test.h. */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "net/netlink.h"

/* Can we make namespaces, and is the program `ip` there? */
_unused_ static bool can_make_netns(void) {
        _cleanup_free_ char *ip = process_find_program("ip", getenv("PATH"));
        int status;
        pid_t pid;

        if (!ip)
                return false;
        pid = fork();
        if (pid == 0)
                _exit(unshare(CLONE_NEWNET) < 0);
        return waitpid(pid, &status, 0) == pid && status == 0;
}

_unused_ static int wait_status(pid_t pid) {
        int status;

        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A failed assertion in the body fails the test, too; and so does a leak. */
_unused_ static void run_in_netns(void (*body)(void)) {
        pid_t pid = fork();

        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                if (unshare(CLONE_NEWNET) < 0)
                        test_fail(__FILE__, __LINE__, "unshare: %s", strerror(errno));
                body();
                exit(0);
        }
        ASSERT_EQ(wait_status(pid), 0);
}

/* A test whose body runs there. */
#define IN_NETNS(name)                                                                                      \
        static void in_##name(void);                                                                        \
        TEST(name) {                                                                                        \
                if (!can_make_netns())                                                                      \
                        SKIP("needs root, to make network namespaces, and ip");                             \
                run_in_netns(in_##name);                                                                    \
        }                                                                                                   \
        static void in_##name(void)

/* A /run of the process's own, for networks that have a name there (net/netns.h). */
_unused_ static void own_run(void) {
        ASSERT_OK(unshare(CLONE_NEWNS));
        ASSERT_OK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        ASSERT_OK(mount("tmpfs", "/run", "tmpfs", 0, NULL));
        ASSERT_OK(mkdir("/run/flake-containers", 0711));
}

/* Runs a command line of plain words; returns its output, which the caller owns, or fails the test. */
_unused_ _printf_(1, 2) static char *command(const char *format, ...) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *line = NULL, *program = NULL;
        _cleanup_strv_ char **argv = NULL;
        char *save = NULL, *output = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        line = xvasprintf(format, ap);
        va_end(ap);
        for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
                strv_push(&argv, word);
        program = process_find_program(argv[0], getenv("PATH"));
        ASSERT_TRUE(program);
        free(argv[0]);
        argv[0] = TAKE_PTR(program);

        r = process_run(argv, &output, &error);
        ASSERT_OK(r, &error);
        if (r != 0) {
                _cleanup_free_ char *joined = strv_join(argv, " ");

                test_fail(__FILE__, __LINE__, "'%s' gave %d: %s", joined, r, output);
        }
        return output;
}

_unused_ static void run(const char *line) {
        free(command("%s", line));
}

/* The command prints something with `wanted` in it. */
_unused_ static void assert_output(const char *line, const char *wanted) {
        _cleanup_free_ char *output = command("%s", line);

        if (!strstr(output, wanted))
                test_fail(__FILE__, __LINE__, "'%s' prints '%s', expected '%s' in it", line, output, wanted);
}

_unused_ static void assert_no_output(const char *line) {
        _cleanup_free_ char *output = command("%s", line);

        if (output[0])
                test_fail(__FILE__, __LINE__, "'%s' prints '%s'", line, output);
}

/* A process that only holds a network namespace open, as a container's leader does. End it with
 * holder_end().
 * @flags: CLONE_NEWNET, and CLONE_NEWUSER for a namespace that belongs to another user namespace */
_unused_ static pid_t holder_new(int flags) {
        int ready[2];
        pid_t pid;
        char c;

        ASSERT_OK(pipe2(ready, O_CLOEXEC));
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                /* It goes with a test that fails, too. */
                if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || unshare(flags) < 0 ||
                    write(ready[1], "r", 1) != 1)
                        _exit(1);
                for (;;)
                        (void) pause();
        }
        (void) close(ready[1]);
        ASSERT_EQ(read(ready[0], &c, 1), 1);
        (void) close(ready[0]);
        return pid;
}

_unused_ static void holder_end(pid_t pid) {
        ASSERT_OK(kill(pid, SIGKILL));
        (void) wait_status(pid);
}

/* The rest of this process acts as an unprivileged user. The leak checker traces the process, which the
 * kernel would refuse after a change of user. */
_unused_ static void become_unprivileged(void) {
        ASSERT_OK(setresuid(12345, 12345, 12345));
        ASSERT_OK(prctl(PR_SET_DUMPABLE, 1));
}

_unused_ static void loopback_up(void) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        Link lo;

        ASSERT_OK(netlink_open(&netlink, &error), &error);
        ASSERT_OK(netlink_link_find(netlink, "lo", &lo));
        ASSERT_TRUE(lo.index > 0);
        ASSERT_OK(netlink_link_up(netlink, lo.index));
}
