/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "test.h"

static int run(const char *script, char **ret_output, Error *reterr) {
        const char *argv[] = {"/bin/sh", "-c", script, NULL};

        return process_run((char *const *) argv, ret_output, reterr);
}

TEST(run_gives_the_exit_status) {
        static const struct {
                const char *script;
                int status;
        } table[] = {
                {"true", 0},
                {"exit 7", 7},
                {"exit 255", 255},
                {"kill -KILL $$", 128 + 9},
                {"kill -TERM $$", 128 + 15},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].script);
                ASSERT_EQ(run(table[i].script, NULL, &error), table[i].status);
                ASSERT_TRUE(!error_is_set(&error));
        }
}

TEST(run_of_a_missing_program) {
        const char *argv[] = {"/nonexistent/program", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_EQ(process_run((char *const *) argv, NULL, &error), 127);
}

TEST(run_collects_both_outputs_and_has_no_input) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *output = NULL;

        ASSERT_EQ(run("echo out; echo err >&2; cat; exit 3", &output, &error), 3);
        ASSERT_STREQ(output, "out\nerr\n");
}

TEST(run_takes_arguments_as_they_are) {
        const char *argv[] = {"/bin/echo", "$HOME", "a b", "*", "", ";exit", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *output = NULL;

        ASSERT_EQ(process_run((char *const *) argv, &output, &error), 0);
        ASSERT_STREQ(output, "$HOME a b *  ;exit\n");
}

TEST(run_does_not_hang_on_too_much_output) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *output = NULL;

        ASSERT_TRUE(run("exec cat /dev/zero", &output, &error) < 0);
        ASSERT_TRUE(error_is_set(&error) && strstr(error.message, "is larger than"));
        ASSERT_TRUE(!output);
}

TEST(run_hands_no_blocked_signal_on) {
        /* Not through a shell: dash clears the mask itself. */
        const char *argv[] = {"/bin/grep", "SigBlk", "/proc/self/status", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *output = NULL;
        sigset_t all, old;

        (void) sigfillset(&all);
        ASSERT_EQ(sigprocmask(SIG_SETMASK, &all, &old), 0);
        ASSERT_EQ(process_run((char *const *) argv, &output, &error), 0);
        ASSERT_EQ(sigprocmask(SIG_SETMASK, &old, NULL), 0);
        ASSERT_STREQ(output, "SigBlk:\t0000000000000000\n");
}

TEST(run_hands_no_descriptor_on) {
        const char *argv[] = {"/bin/ls", "/proc/self/fd", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *output = NULL;

        /* What our own parent left open is not what is tested. */
        ASSERT_EQ(close_range(3, ~0U, 0), 0);
        ASSERT_EQ(process_run((char *const *) argv, &output, &error), 0);
        /* 3 is the directory that ls reads. */
        ASSERT_STREQ(output, "0\n1\n2\n3\n");
}

static pid_t fork_paused(void) {
        pid_t pid = fork();

        ASSERT_TRUE(pid >= 0);
        while (pid == 0)
                (void) pause();
        return pid;
}

TEST(pidfd_of_a_process_from_start_to_end) {
        pid_t pid = fork_paused();
        _cleanup_close_ int fd = process_open(pid);

        ASSERT_OK(fd);
        ASSERT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        ASSERT_EQ(process_wait(fd, 0), 0);
        ASSERT_EQ(process_wait(fd, 1000), 0);
        ASSERT_OK(process_signal(fd, SIGKILL));
        ASSERT_EQ(process_wait(fd, UINT64_MAX), 1);
        /* Ended but not reaped, then gone. */
        ASSERT_EQ(process_wait(fd, 0), 1);
        ASSERT_EQ(waitpid(pid, NULL, 0), pid);
        ASSERT_EQ(process_signal(fd, SIGKILL), -ESRCH);
        ASSERT_EQ(process_open(pid), -ESRCH);
}

TEST(wait_keeps_its_deadline) {
        pid_t pid = fork_paused();
        _cleanup_close_ int fd = process_open(pid);
        uint64_t start = now_usec(), elapsed;

        ASSERT_EQ(process_wait(fd, 50 * USEC_PER_MSEC), 0);
        elapsed = now_usec() - start;
        ASSERT_OK(process_signal(fd, SIGKILL));
        ASSERT_EQ(waitpid(pid, NULL, 0), pid);
        ASSERT_TRUE(elapsed >= 50 * USEC_PER_MSEC);
        ASSERT_TRUE(elapsed < 10 * USEC_PER_SEC);
}

static void put_program(const char *path, mode_t mode) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        ASSERT_TRUE(fd >= 0);
        ASSERT_EQ(fchmod(fd, mode), 0);
}

TEST(find_program) {
        char path[] = "/tmp/fc-test-process-XXXXXX";
        _cleanup_close_ int tmp = open("/tmp", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *search = NULL, *first = NULL, *second = NULL, *sh = NULL, *setuid = NULL;

        ASSERT_TRUE(mkdtemp(path));
        ASSERT_EQ(chdir(path), 0);
        ASSERT_EQ(mkdir("a", 0755), 0);
        ASSERT_EQ(mkdir("b", 0755), 0);
        put_program("a/both", 0755);
        put_program("b/both", 0755);
        put_program("a/text", 0644);
        put_program("b/text", 0755);
        put_program("here", 0755);
        ASSERT_EQ(mkdir("a/folder", 0755), 0);
        search = xasprintf(":.:b:relative:/nonexistent:%s/a::%s/b", path, path);

        first = process_find_program("both", search);
        ASSERT_TRUE(first && startswith(first, path));
        ASSERT_STREQ(first + strlen(path), "/a/both");
        second = process_find_program("text", search);
        ASSERT_TRUE(second && startswith(second, path));
        ASSERT_STREQ(second + strlen(path), "/b/text");
        ASSERT_STREQ(process_find_program("here", search), NULL);
        ASSERT_STREQ(process_find_program("folder", search), NULL);
        ASSERT_STREQ(process_find_program("none", search), NULL);
        ASSERT_STREQ(process_find_program("both", ""), NULL);

        /* Only places that are root's, whatever PATH says. */
        ASSERT_EQ(setenv("PATH", search, 1), 0);
        sh = process_find_program("sh", NULL);
        ASSERT_TRUE(sh && sh[0] == '/' && !startswith(sh, path));
        ASSERT_STREQ(process_find_program("both", NULL), NULL);
        ASSERT_EQ(unsetenv("PATH"), 0);

        /* Set-user-id or nothing. */
        ASSERT_STREQ(process_find_setuid("both", search), NULL);
        ASSERT_OK(fchmodat(AT_FDCWD, second, 04755, 0));
        setuid = process_find_setuid("text", search);
        ASSERT_STREQ(setuid, second);

        ASSERT_EQ(chdir("/"), 0);
        ASSERT_OK(fs_remove_tree(tmp, path + strlen("/tmp/"), NULL));
}

TEST(is_ending) {
        int pair[2], status;
        char byte;
        pid_t pid;

        ASSERT_TRUE(!process_is_ending(getpid()));
        ASSERT_OK(pipe(pair));
        pid = fork();
        if (pid == 0) {
                (void) !write(pair[1], "", 1);
                (void) raise(SIGSTOP);
                _exit(0);
        }
        ASSERT_TRUE(read(pair[0], &byte, 1) == 1);
        ASSERT_TRUE(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
        ASSERT_TRUE(!process_is_ending(pid));
        ASSERT_OK(kill(pid, SIGKILL));
        ASSERT_TRUE(process_is_ending(pid));
        ASSERT_TRUE(waitpid(pid, &status, 0) == pid);
        ASSERT_TRUE(process_is_ending(pid));
        (void) close(pair[0]);
        (void) close(pair[1]);
}

TEST(age) {
        uint64_t before = now_usec(), age;
        pid_t pid = fork();
        int status;

        if (pid == 0)
                for (;;)
                        (void) pause();
        age = process_age_usec(pid);
        /* A tick, which is what it is told in. */
        ASSERT_TRUE(age <= now_usec() - before + 10 * USEC_PER_MSEC);
        ASSERT_TRUE(process_age_usec(getpid()) >= age);
        ASSERT_OK(kill(pid, SIGKILL));
        ASSERT_TRUE(waitpid(pid, &status, 0) == pid);
        ASSERT_TRUE(process_age_usec(pid) == UINT64_MAX);
}

/* In a child, which then has no descriptor left, or sees a /proc that hides PID 1. */
static int ask_blind(void (*blind)(void)) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                blind();
                _exit(open("/proc/1/stat", O_RDONLY | O_CLOEXEC) >= 0 ? 2 : process_is_ending(1));
        }
        return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void without_descriptors(void) {
        const struct rlimit none = {0, 0};

        (void) setrlimit(RLIMIT_NOFILE, &none);
}

/* The group 0 sees all. */
static void with_hidden_processes(void) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("proc", "/proc", "proc", 0, "hidepid=2") < 0 || setgroups(0, NULL) < 0 ||
            setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
                _exit(3);
}

TEST(is_ending_unseen) {
        ASSERT_EQ(ask_blind(without_descriptors), 0);
        if (geteuid() != 0)
                SKIP("only root can hide processes");
        ASSERT_EQ(ask_blind(with_hidden_processes), 0);
}
