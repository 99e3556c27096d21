/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "keeper/proxy-program.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/userns.h"

/* A copy that any user can execute, wherever this was built. */
static char *copy_probe(void) {
        _cleanup_close_ int from = open(PROXY_PROBE, O_RDONLY | O_CLOEXEC), to = -EBADF;
        char *path = xstrdup("/tmp/fc-test-proxy-XXXXXX");
        struct stat st;

        ASSERT_OK(from);
        ASSERT_OK(fstat(from, &st));
        ASSERT_OK(to = mkostemp(path, O_CLOEXEC));
        ASSERT_EQ(sendfile(to, from, NULL, (size_t) st.st_size), st.st_size);
        ASSERT_OK(fchmod(to, 0755));
        return path;
}

/* The output of the probe, which is executed in the place of systemd-socket-proxyd. */
static char *probe(const char *machine, size_t n_sockets) {
        _cleanup_free_ char *program = copy_probe();
        const KeeperOptions options = {
                .machine = (char *) machine, .proxy = (char *) PROXY_PROGRAM, .proxyd = program};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int self = process_open(getpid()), read_fd = -EBADF, old = -EBADF;
        int pair[2], sockets[2], status;
        char *text;
        pid_t pid;

        ASSERT_OK(self);
        ASSERT_OK(pipe2(pair, O_CLOEXEC));
        read_fd = pair[0];
        for (size_t i = 0; i < 2; i++)
                ASSERT_OK(sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_OK(old = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10));
        ASSERT_OK(dup2(pair[1], STDOUT_FILENO));
        pid = proxy_program_start(
                &options, &(KeeperPort){(char *) "80", {sockets[0], n_sockets == 2 ? sockets[1] : -EBADF}},
                self);
        ASSERT_OK(dup2(old, STDOUT_FILENO));
        (void) close(pair[1]);
        (void) close(sockets[0]);
        (void) close(sockets[1]);
        ASSERT_TRUE(pid > 0);
        ASSERT_OK(fs_read_fd(read_fd, "probe", 65536, &text, NULL, &error), &error);
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_OK(unlink(program));
        ASSERT_EQ(status, 0);
        return text;
}

static void assert_line(const char *text, const char *line) {
        _cleanup_free_ char *whole = xasprintf("\n%s\n", line), *from = xasprintf("\n%s", text);

        if (!strstr(from, whole))
                test_fail(__FILE__, __LINE__, "no line '%s' in:\n%s", line, text);
}

static void assert_errno(const char *text, const char *name, int error) {
        _cleanup_free_ char *line = xasprintf("%s %d", name, error);

        assert_line(text, line);
}

TEST(what_it_may_not_do) {
        static const char *const names[] = {"fork",   "kill",  "ptrace", "unshare", "pidfd", "write",
                                            "create", "mkdir", "unlink", "chmod",   "mount", "netlink",
                                            "packet", "bind",  "keyctl", "bpf"};
        _cleanup_free_ char *text = NULL;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        text = probe("shop-1234-web", 2);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_errno(text, names[i], ENOSYS);
}

TEST(what_it_needs) {
        static const char *const names[] = {"thread", "resolver", "read", "inet", "unix"};
        _cleanup_free_ char *text = NULL;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        text = probe("shop-1234-web", 2);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_errno(text, names[i], 0);
}

TEST(what_it_is_given) {
        _cleanup_free_ char *two = NULL, *one = NULL;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        two = probe("shop-1234-web", 2);
        assert_line(two, "argument --exit-idle-time=60s");
        assert_line(two, "argument 127.0.0.1:80");
        assert_line(two, "listens 2");
        assert_line(two, "for us 1");
        assert_errno(two, "socket 3", 0);
        assert_errno(two, "socket 4", 0);
        assert_errno(two, "socket 5", EBADF);
        one = probe("shop-1234-web", 1);
        assert_line(one, "listens 1");
        assert_errno(one, "socket 3", 0);
        assert_errno(one, "socket 4", EBADF);
}

/* As many connections as there is room for, and not one more. */
TEST(connections_by_the_limit_of_files) {
        _cleanup_free_ char *text = NULL;
        pid_t pid;
        int status;

        if (geteuid() != 0)
                SKIP("needs root, to become another user");
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                /* Without the privilege to raise it again. */
                ASSERT_OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){664, 664}));
                ASSERT_OK(privilege_bound(~PRIVILEGE(SYS_RESOURCE)));
                text = probe("shop-1234-web", 2);
                assert_line(text, "argument --connections-max=100");
                /* exit(3) leaves no scope. */
                free(text);
                exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}

/* A host that is a container itself has no such ids as are taken elsewhere. */
TEST(few_ids) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int userns = -EBADF;
        pid_t pid;
        int status;

        if (geteuid() != 0)
                SKIP("needs root, to make a user namespace");
        userns = userns_open("0 0 65536\n", "0 0 65536\n");
        ASSERT_OK(userns);
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                ASSERT_OK(setns(userns, CLONE_NEWUSER));
                ASSERT_OK(unshare(CLONE_NEWNET));
                text = probe("shop-1234-web", 2);
                assert_line(text, "listens 2");
                /* exit(3) leaves no scope. */
                free(text);
                exit(0);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
}
