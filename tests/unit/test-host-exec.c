/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/fs.h"
#include "base/host-exec.h"
#include "base/host-socket.h"
#include "base/own-cgroup.h"
#include "base/process.h"
#include "base/userns.h"
#include "test.h"

/* A broker that has stayed outside, and a shell that is started by it from a user namespace with a network
 * of its own. */
typedef struct Outside {
        pid_t pid;   /* what stands for the shell */
        int said_fd; /* what the shell says */
} Outside;

/* As a supervisor does it, which is PID 1. Says which pid it was told, and ends as the program does. */
static _Noreturn void ask_beside(int said_fd, const char **argv, const char **envp) {
        _cleanup_close_ int cgroup_fd = own_cgroup_open(NULL);
        int life_fd = -EBADF, status;
        pid_t pid;

        if (unshare(CLONE_NEWPID) < 0)
                _exit(98);
        pid = fork();
        if (pid > 0)
                _exit(process_exit_status(process_reap(pid)));
        pid = host_exec_start((char **) argv, (char **) envp, said_fd, cgroup_fd, &life_fd);
        status = host_exec_reap(life_fd);
        (void) dprintf(said_fd, "%d\n", (int) pid);
        _exit(process_exit_status(status));
}

static _Noreturn void ask(int broker_fd, int said_fd, const char *script, HostExecAs as) {
        const char *argv[] = {"sh", "-c", script, "sh", NULL},
                   *envp[] = {"PATH=/usr/bin:/bin", "TOLD=yes", NULL};
        int userns = userns_open("0 0 65536", "0 0 65536");

        if (userns < 0 || setns(userns, CLONE_NEWUSER) < 0 ||
            unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWCGROUP) < 0 ||
            mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, NULL) < 0 ||
            mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL) < 0 ||
            mount("tmpfs", "/mnt", "tmpfs", 0, NULL) < 0 || mkdir("/mnt/here", 0755) < 0 ||
            dup2(said_fd, STDOUT_FILENO) < 0 || dup2(said_fd, 42) < 0 || dup3(said_fd, 43, O_CLOEXEC) < 0 ||
            chdir("/usr") < 0)
                _exit(98);
        host_socket_adopt(broker_fd);
        if (as == HOST_EXEC_ROOT_BESIDE)
                ask_beside(said_fd, argv, envp);
        (void) host_exec((char **) argv, (char **) envp, as);
        _exit(97);
}

static void outside_start(Outside *o, const char *script, HostExecAs as) {
        int pair[2], said[2];
        pid_t broker;

        if (geteuid() != 0)
                SKIP("needs root");
        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        ASSERT_OK(pipe2(said, O_CLOEXEC));
        broker = fork();
        ASSERT_OK(broker);
        if (broker == 0) {
                detach_close_all_but(&pair[1], 1);
                (void) setenv("LEFT", "yes", 1);
                host_socket_serve(pair[1]);
                _exit(0);
        }
        (void) close(pair[1]);
        o->pid = fork();
        ASSERT_OK(o->pid);
        if (o->pid == 0)
                ask(pair[0], said[1], script, as);
        (void) close(pair[0]);
        (void) close(said[1]);
        o->said_fd = said[0];
}

/* Return: what it has said; owned by the caller. */
static char *outside_end(Outside *o, int *ret_status) {
        char *text = NULL;

        ASSERT_OK(fs_read_fd(o->said_fd, "said", 65536, &text, NULL, NULL));
        *ret_status = process_reap(o->pid);
        (void) close(o->said_fd);
        return text;
}

static char *own(const char *name) {
        _cleanup_free_ char *path = xasprintf("/proc/self/ns/%s", name);
        char text[64] = "";

        ASSERT_TRUE(readlink(path, text, sizeof(text) - 1) > 0);
        return xstrdup(text);
}

TEST(runs_where_the_broker_is) {
        static const char script[] =
                "readlink /proc/self/ns/net; readlink /proc/self/ns/mnt; echo $PWD $TOLD "
                "${LEFT-no}; [ ! -e /proc/self/fd/42 ] || [ -e /proc/self/fd/43 ] || exit 7";
        _cleanup_free_ char *net = own("net"), *mnt = own("mnt"), *said = NULL, *expected = NULL;
        Outside o;
        int status;

        outside_start(&o, script, HOST_EXEC_USER);
        said = outside_end(&o, &status);
        ASSERT_EQ(WEXITSTATUS(status), 7);
        /* Nothing of the broker's environment. */
        expected = xasprintf("%s\n%s\n/usr yes no\n", net, mnt);
        ASSERT_STREQ(said, expected);
}

TEST(is_root_of_our_namespace) {
        /* The mount is there, and nothing of the host's is: no process of the first one's PID namespace. */
        static const char script[] = "readlink /proc/self/ns/net; id -u; [ -d /mnt/here ]; echo $? $$";
        _cleanup_free_ char *net = own("net"), *here = NULL, *there = NULL, *expected = NULL;
        Outside o;
        int status;

        outside_start(&o, script, HOST_EXEC_ROOT_HERE);
        here = outside_end(&o, &status);
        ASSERT_EQ(WEXITSTATUS(status), 0);
        expected = xasprintf("%s\n0\n0 2\n", net);
        ASSERT_STREQ(here, expected);
        outside_start(&o, "[ -d /mnt/here ]; echo $?; kill -KILL $$", HOST_EXEC_ROOT);
        there = outside_end(&o, &status);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        ASSERT_STREQ(there, "1\n");
}

TEST(is_beside_us) {
        _cleanup_free_ char *net = own("net"), *said = NULL, *expected = NULL;
        Outside o;
        int status;

        outside_start(&o, "readlink /proc/self/ns/net; id -u; [ -d /mnt/here ]; echo $?; exit 7",
                      HOST_EXEC_ROOT_BESIDE);
        said = outside_end(&o, &status);
        ASSERT_EQ(WEXITSTATUS(status), 7);
        expected = xasprintf("%s\n0\n0\n", net);
        ASSERT_TRUE(startswith(said, expected));
        ASSERT_EQ(strtol(said + strlen(expected), NULL, 10), 2);
}

/* What stands for it has no descriptor of ours by then: the other end of one sees that it is closed. */
TEST(holds_nothing) {
        _cleanup_free_ char *rest = NULL;
        int held[2], status;
        struct pollfd p;
        char byte;
        Outside o;

        ASSERT_OK(pipe2(held, O_CLOEXEC));
        p = (struct pollfd){.fd = held[0], .events = POLLIN};
        outside_start(&o, "echo; sleep 1000", HOST_EXEC_USER);
        (void) close(held[1]);
        ASSERT_EQ(read(o.said_fd, &byte, 1), 1);
        ASSERT_EQ(poll(&p, 1, 10000), 1);
        ASSERT_TRUE(p.revents & POLLHUP);
        (void) close(held[0]);
        ASSERT_OK(kill(o.pid, SIGKILL));
        rest = outside_end(&o, &status);
}

/* Whatever ends what stands for it ends it, and what it has started. */
TEST(ends_with_us) {
        static const HostExecAs ways[] = {HOST_EXEC_USER, HOST_EXEC_ROOT};

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                _cleanup_free_ char *rest = NULL;
                char byte;
                Outside o;
                int status;

                outside_start(&o, "sleep 1000 & echo; wait", ways[i]);
                ASSERT_EQ(read(o.said_fd, &byte, 1), 1);
                ASSERT_OK(kill(o.pid, SIGKILL));
                /* Returns when none has the pipe any more. */
                rest = outside_end(&o, &status);
                ASSERT_TRUE(WIFSIGNALED(status));
        }
}

TEST(says_what_it_cannot_run) {
        static const char script[] = "exec /nonexistent/program";
        _cleanup_free_ char *said = NULL;
        Outside o;
        int status;

        outside_start(&o, script, HOST_EXEC_USER);
        said = outside_end(&o, &status);
        ASSERT_EQ(WEXITSTATUS(status), 127);
}

TEST(fails_without_the_broker) {
        int pair[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        (void) close(pair[1]);
        host_socket_adopt(pair[0]);
        ASSERT_EQ(host_exec((char *const[]){(char *) "true", NULL}, NULL, HOST_EXEC_USER), -EPIPE);
}

/* A message that the broker has no room for is not its end. */
TEST(goes_on_without_room) {
        HostExecRequest request = {.n_fds = 8};
        int pair[2], fds[12], r;
        ScmMessage answer = {};
        pid_t broker;

        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = STDERR_FILENO;
        broker = fork();
        ASSERT_OK(broker);
        if (broker == 0) {
                detach_close_all_but(&pair[1], 1);
                (void) setrlimit(RLIMIT_NOFILE, &(struct rlimit){8, 8});
                host_socket_serve(pair[1]);
                _exit(0);
        }
        (void) close(pair[1]);
        ASSERT_OK(scm_send(pair[0], &request, sizeof(request), fds, ELEMENTSOF(fds)));
        ASSERT_OK(scm_send(pair[0], (int[]){AF_UNIX, SOCK_STREAM, 0}, 3 * sizeof(int), NULL, 0));
        ASSERT_OK(scm_receive(pair[0], 0, &r, sizeof(r), &answer));
        ASSERT_EQ(answer.n_fds, 1U);
        scm_done(&answer);
        (void) close(pair[0]);
        ASSERT_EQ(process_reap(broker), 0);
}

/* It is run in its directory, or not at all. */
TEST(needs_its_directory) {
        char path[] = "/tmp/host-exec-XXXXXX";
        int pair[2];

        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        ASSERT_TRUE(mkdtemp(path) && chdir(path) == 0 && rmdir(path) == 0);
        host_socket_adopt(pair[0]);
        ASSERT_EQ(host_exec((char *const[]){(char *) "true", NULL}, NULL, HOST_EXEC_USER), -ENOENT);
        (void) close(pair[1]);
}
