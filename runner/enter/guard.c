/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>

#include "base/detach.h"
#include "base/handshake.h"
#include "base/process.h"
#include "enter/guard.h"

static _Noreturn void guard_child(void (*act)(void *userdata), void *userdata, const int *keep,
                                  size_t n_keep, int fd) {
        int fds[GUARD_KEEP_MAX + 1];

        for (size_t i = 0; i < n_keep; i++)
                fds[i] = keep[i];
        fds[n_keep] = fd;
        detach_from_command(fds, n_keep + 1, "fc-guard");
        /* The end of the pipe without a word: the process that held the other side is gone. */
        if (handshake_await(fd) == 0)
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
        (void) handshake_tell(g->fd);
        g->fd = safe_close(g->fd);
        (void) process_reap(g->pid);
}
