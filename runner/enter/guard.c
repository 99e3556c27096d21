/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "enter/guard.h"

static int compare_fds(const void *a, const void *b) {
        return *(const int *) a - *(const int *) b;
}

static void close_range_quietly(int first, int last) {
        if (first <= last)
                (void) syscall(SYS_close_range, (unsigned) first, (unsigned) last, 0);
}

static void close_all_but(const int *keep, size_t n_keep, int also) {
        int fds[GUARD_KEEP_MAX + 1], next = STDERR_FILENO + 1;
        size_t n = 0;

        for (size_t i = 0; i < n_keep; i++)
                fds[n++] = keep[i];
        fds[n++] = also;
        qsort(fds, n, sizeof(fds[0]), compare_fds);

        for (size_t i = 0; i < n; i++) {
                if (fds[i] < next)
                        continue;
                close_range_quietly(next, fds[i] - 1);
                next = fds[i] + 1;
        }
        close_range_quietly(next, INT_MAX);
}

/* Our standard streams would keep a pipeline waiting, and the working directory a file system busy. */
static void leave_surroundings(void) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        (void) setsid();
        if (chdir("/") < 0)
                (void) 0; /* then it stays where it is */
        (void) prctl(PR_SET_NAME, "fc-guard");
        for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
                (void) dup2(null, fd);
        if (null > STDERR_FILENO)
                (void) close(null);
}

static _Noreturn void guard_child(void (*act)(void *userdata), void *userdata, const int *keep,
                                  size_t n_keep, int fd) {
        char byte;
        ssize_t n;

        close_all_but(keep, n_keep, fd);
        leave_surroundings();
        do
                n = read(fd, &byte, 1);
        while (n < 0 && errno == EINTR);
        /* The end of the pipe without a word: the process that held the other side is gone. */
        if (n == 0)
                act(userdata);
        _exit(0);
}

int guard_start(void (*act)(void *userdata), void *userdata, const int *keep, size_t n_keep, Guard *ret,
                Error *reterr) {
        int pipe_fd[2];
        pid_t pid;

        if (n_keep > GUARD_KEEP_MAX)
                return error_set(reterr, EINVAL, "start the guard");
        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        pid = fork();
        if (pid < 0) {
                int saved = errno;

                (void) close(pipe_fd[0]);
                (void) close(pipe_fd[1]);
                return error_set(reterr, saved, "start the guard");
        }
        if (pid == 0)
                guard_child(act, userdata, keep, n_keep, pipe_fd[0]);

        (void) close(pipe_fd[0]);
        *ret = (Guard){.pid = pid, .fd = pipe_fd[1]};
        return 0;
}

void guard_done(Guard *g) {
        if (g->fd < 0)
                return;
        /* SIGPIPE, in case the guard has been killed, is ignored while a session runs. */
        (void) !write(g->fd, "", 1);
        g->fd = safe_close(g->fd);
        while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
                continue;
}
