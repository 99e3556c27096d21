/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "enter/program-stdio.h"
#include "enter/pty.h"
#include "enter/terminal.h"

static void close_fds(int fds[3]) {
        for (size_t i = 0; i < 3; i++)
                fds[i] = safe_close(fds[i]);
}

void program_stdio_done(ProgramStdio *s) {
        close_fds(s->owned);
        close_fds(s->ours);
}

void program_stdio_close_program(ProgramStdio *s) {
        close_fds(s->owned);
}

static bool program_stdio_is_same_file(int a, int b) {
        struct stat x, y;

        return fstat(a, &x) >= 0 && fstat(b, &y) >= 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino &&
               x.st_rdev == y.st_rdev;
}

/* A pipe belongs to the user who made it, and opening /dev/stdout opens it anew, with a check of permission:
 * so it must belong to the program's user. */
static int make_pipe(const EnterTarget *target, const Account *owner, ProgramStdio *s, size_t i,
                     Error *reterr) {
        bool input = i == STDIN_FILENO;
        uint32_t uid = 0, gid = 0;
        int pipe_fd[2];

        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        s->owned[i] = s->program[i] = pipe_fd[input ? 0 : 1];
        s->ours[i] = pipe_fd[input ? 1 : 0];

        if (fcntl(s->ours[i], F_SETFL, O_NONBLOCK) < 0)
                return error_set(reterr, errno, "make a pipe non-blocking");
        if (id_map_to_outside(&target->uids, owner->uid, &uid) &&
            id_map_to_outside(&target->gids, owner->gid, &gid) && fchown(pipe_fd[0], uid, gid) < 0)
                return error_set(reterr, errno, "give a pipe to uid %u of the container", owner->uid);
        return 0;
}

int program_stdio_make_pipes(const EnterTarget *target, const Account *owner, ProgramStdio *s,
                             Error *reterr) {
        int r;

        for (size_t i = 0; i < 3; i++) {
                /* One pipe for both ("2>&1") keeps what is written to them in order. */
                if (i == STDERR_FILENO && program_stdio_is_same_file(STDOUT_FILENO, STDERR_FILENO)) {
                        s->program[i] = s->program[STDOUT_FILENO];
                        return 0;
                }
                r = make_pipe(target, owner, s, i, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Of the terminal that the output is seen on; else, with output redirected, the one that is typed on. */
static void get_own_size(struct winsize *ret) {
        terminal_get_size(isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDIN_FILENO, ret);
}

int program_stdio_make_terminal(const EnterTarget *target, const Account *owner, ProgramStdio *s,
                                Error *reterr) {
        struct winsize size;
        int r;

        get_own_size(&size);
        r = pty_open(target, owner->uid, &size, &s->ours[STDIN_FILENO], &s->owned[0], reterr);
        if (r < 0)
                return r;
        /* Streams own what they are given, so each direction has the master for itself. */
        s->ours[STDOUT_FILENO] = fcntl(s->ours[STDIN_FILENO], F_DUPFD_CLOEXEC, 3);
        if (s->ours[STDOUT_FILENO] < 0)
                return error_set(reterr, errno, "duplicate a terminal of the container");
        for (size_t i = 0; i < 3; i++)
                s->program[i] = s->owned[0];
        return 0;
}

void program_stdio_copy_size(const ProgramStdio *s) {
        struct winsize size;

        if (s->owned[0] < 0)
                return;
        get_own_size(&size);
        /* The kernel sends SIGWINCH to the program. Either side stands for the pair here. */
        (void) ioctl(s->owned[0], TIOCSWINSZ, &size);
}
