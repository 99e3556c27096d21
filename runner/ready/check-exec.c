/* SPDX-License-Identifier: MIT */

/* Checks that run a command inside, as the container's root. What `exec` does takes a loop of its own: it is
 * done in a child process, which does nothing else. */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "enter/exec.h"
#include "ready/check.h"

static _Noreturn void run_inside(const Check *c, int output_fd) {
        const ChecksRequest *request = check_request(c);
        ExecRequest exec = EXEC_REQUEST_DEFAULT;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC), r;
        Error error = ERROR_NULL;
        bool stopped;

        /* Of a session of its own: a Ctrl-C is for our parent to act on, which ends us. */
        (void) setsid();
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
            dup2(output_fd, STDERR_FILENO) < 0)
                _exit(FC_EXIT_EXEC_OWN);
        exec.container = request->container;
        exec.leader = request->leader;
        exec.cgroup_fd = request->payload_cgroup_fd;
        exec.argv = c->argv;
        exec.tty = TTY_NEVER;
        r = container_exec(&exec, &stopped, &error);
        if (r >= 0)
                _exit(r);
        (void) dprintf(STDERR_FILENO, "%s\n", error.message);
        _exit((int) error.exit);
}

/* Killed, the child leaves what it runs to its guard, which ends that. */
static void check_exec_stop(Check *c) {
        c->io = sd_event_source_disable_unref(c->io);
        c->child = sd_event_source_disable_unref(c->child);
        c->fd = safe_close(c->fd);
        if (c->pidfd >= 0) {
                (void) process_signal(c->pidfd, SIGKILL);
                while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
                        continue;
        }
        c->pidfd = safe_close(c->pidfd);
}

/* Keeps the end of it. */
static void read_output(Check *c) {
        char buffer[sizeof(c->answer)];
        ssize_t n;

        while ((n = read(c->fd, buffer, sizeof(buffer))) > 0) {
                size_t keep = sizeof(c->answer) - 1 - (size_t) n;

                if ((size_t) n >= sizeof(c->answer) - 1) {
                        memcpy(c->answer, buffer + n - (sizeof(c->answer) - 1), sizeof(c->answer) - 1);
                        c->answer_size = sizeof(c->answer) - 1;
                        continue;
                }
                if (c->answer_size > keep) {
                        memmove(c->answer, c->answer + c->answer_size - keep, keep);
                        c->answer_size = keep;
                }
                memcpy(c->answer + c->answer_size, buffer, (size_t) n);
                c->answer_size += (size_t) n;
        }
        if (n == 0)
                c->io = sd_event_source_disable_unref(c->io);
}

static int on_output(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        read_output(userdata);
        return 0;
}

/* The last line that says anything. */
static const char *last_line(Check *c) {
        char *line;

        c->answer[c->answer_size] = '\0';
        for (size_t n = c->answer_size; n > 0 && strchr("\n\r\t ", c->answer[n - 1]); n--)
                c->answer[n - 1] = '\0';
        line = strrchr(c->answer, '\n');
        return line ? line + 1 : c->answer;
}

static int on_end(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        siginfo_t info = {0};
        Check *c = userdata;
        const char *line;

        if (waitid(P_PIDFD, (id_t) c->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
                return 0;
        /* The source before its descriptor: children of other checks have a copy of that, which keeps it in
         * the epoll. */
        c->child = sd_event_source_disable_unref(c->child);
        c->pidfd = safe_close(c->pidfd);
        read_output(c);
        if (info.si_code == CLD_EXITED && info.si_status == 0) {
                check_succeed(c);
                return 0;
        }
        line = last_line(c);
        check_fail(c, "%s %d%s%s", info.si_code == CLD_EXITED ? "exit status" : "killed by signal",
                   info.si_status, line[0] ? ": " : "", line);
        return 0;
}

static int spawn(Check *c) {
        int pipe_fd[2];

        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return -errno;
        c->fd = pipe_fd[0];
        c->pid = fork();
        if (c->pid == 0)
                run_inside(c, pipe_fd[1]);
        (void) close(pipe_fd[1]);
        if (c->pid < 0)
                return -errno;
        c->pidfd = process_open(c->pid);
        if (c->pidfd < 0)
                return c->pidfd;
        return fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void start(Check *c) {
        sd_event *event = check_request(c)->event;
        int r;

        c->answer_size = 0;
        r = spawn(c);
        if (r >= 0)
                r = sd_event_add_io(event, &c->io, c->fd, EPOLLIN, on_output, c);
        if (r >= 0)
                r = sd_event_add_io(event, &c->child, c->pidfd, EPOLLIN, on_end, c);
        if (r < 0)
                check_fail(c, "%s", strerror(-r));
}

/* A command may be expensive, and slows down what it waits for. */
const CheckKind check_exec = {
        .start = start, .stop = check_exec_stop, .timeout_usec = UINT64_MAX, .growth = 100};
