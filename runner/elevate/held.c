/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "elevate/elevate.h"
#include "elevate/held.h"
#include "screen/error-print.h"

#define TOLD_MAX (1024 * 1024)

int held_check(const ProjectRequest *request, const char *verb, const HolderOptions *options,
               Error *reterr) {
        if (!request->command || !request->command[0])
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "no command given; usage: flake-containers %s -- CMD [ARG..]", verb);
        if (options->label && !options->fresh)
                return error_raise(reterr, FC_EXIT_USAGE, "option '--from' needs '--fresh'");
        return 0;
}

static ProgressMode held_mode(const ProjectRequest *request) {
        ProgressMode mode;

        return request->globals->progress &&
                               progress_mode_parse(request->globals->progress, &mode, NULL) >= 0
                       ? mode
                       : PROGRESS_AUTO;
}

/* ---- in the child ---- */

static int move_away(int fd, int flags, Error *reterr) {
        _cleanup_close_ int null = open("/dev/null", flags | O_CLOEXEC);
        int copy = null < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

        if (copy < 0 || dup2(null, fd) < 0)
                return error_set(reterr, errno, "set up the standard streams");
        return copy;
}

int held_serve(const ProjectRequest *request, const HolderOptions *options, char *const *names,
               Error *reterr) {
        _cleanup_close_ int life_fd = move_away(STDIN_FILENO, O_RDONLY, reterr);
        int ready_fd = life_fd < 0 ? life_fd : move_away(STDOUT_FILENO, O_WRONLY, reterr);

        return ready_fd < 0 ? ready_fd : holder_run(request, options, names, ready_fd, life_fd, reterr);
}

static _Noreturn void held_child(const ProjectRequest *request, const HolderOptions *options,
                                 char *const *names, int life_fd, int ready_fd) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        ProjectRequest own = *request;
        int r = 0;

        if (dup2(life_fd, STDIN_FILENO) < 0 || dup2(ready_fd, STDOUT_FILENO) < 0)
                r = error_set(&error, errno, "set up the standard streams");
        else if (geteuid() != 0)
                r = elevate_with_project(&own, &error);
        if (r >= 0)
                r = held_serve(&own, options, names, &error);
        if (r < 0) {
                report_error(stderr, &error, held_mode(request));
                r = error.exit;
        }
        _exit(r);
}

/* ---- in the parent ---- */

/* What it gets by the terminal the child gets, too, and what is to be done about it the child knows. */
static void leave_interrupts(struct sigaction old[2]) {
        const struct sigaction ignore = {.sa_handler = SIG_IGN};

        (void) sigaction(SIGINT, &ignore, &old[0]);
        (void) sigaction(SIGQUIT, &ignore, &old[1]);
}

static void take_interrupts(const struct sigaction old[2]) {
        (void) sigaction(SIGINT, &old[0], NULL);
        (void) sigaction(SIGQUIT, &old[1], NULL);
}

/* Return: 1 it has told all, 0 it has ended before; or a negative errno. */
static int held_hear(int fd, char ***ret, Error *reterr) {
        _cleanup_strv_ char **told = NULL;
        _cleanup_free_ char *text = xmalloc0(TOLD_MAX + 1);
        size_t size = 0, begin = 0;

        for (;;) {
                ssize_t n = read(fd, text + size, TOLD_MAX - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set(reterr, errno, "hear whether the containers are ready");
                if (n == 0)
                        return 0;
                size += (size_t) n;
                for (char *end; (end = memchr(text + begin, '\0', size - begin));
                     begin = (size_t) (end - text) + 1) {
                        if (end == text + begin) {
                                *ret = TAKE_PTR(told);
                                return 1;
                        }
                        strv_push(&told, text + begin);
                }
        }
}

static int held_await(Held *held, Error *reterr) {
        int status = process_reap(held->pid);

        if (status < 0)
                return error_set(reterr, status, "wait for what keeps the containers up");
        held->pid = 0;
        if (WIFEXITED(status))
                return WEXITSTATUS(status);
        return error_raise(
                reterr, FC_EXIT_INTERNAL,
                "what kept the containers up was killed by signal %d; what is left of a fresh instance "
                "is removed by: flake-containers gc",
                WTERMSIG(status));
}

static int held_fork(const ProjectRequest *request, const HolderOptions *options, char *const *names,
                     Held *held, int *ret_ready_fd, Error *reterr) {
        int life[2], ready[2];

        if (pipe2(life, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        if (pipe2(ready, O_CLOEXEC) < 0) {
                (void) close(life[0]);
                (void) close(life[1]);
                return error_set(reterr, errno, "make a pipe");
        }
        held->pid = fork();
        if (held->pid == 0) {
                (void) close(life[1]);
                (void) close(ready[0]);
                held_child(request, options, names, life[0], ready[1]);
        }
        (void) close(life[0]);
        (void) close(ready[1]);
        held->life_fd = life[1];
        *ret_ready_fd = ready[0];
        return held->pid < 0 ? error_set(reterr, errno, "start what keeps the containers up") : 0;
}

int held_start(const ProjectRequest *request, const HolderOptions *options, char *const *names, Held *ret,
               Error *reterr) {
        _cleanup_close_ int ready_fd = -EBADF;
        struct sigaction old[2];
        int r;

        *ret = HELD_NULL;
        r = held_fork(request, options, names, ret, &ready_fd, reterr);
        if (r < 0)
                return r;
        leave_interrupts(old);
        r = held_hear(ready_fd, &ret->variables, reterr);
        if (r == 0) {
                r = held_await(ret, reterr);
                /* It says so only by its message. */
                if (r == FC_EXIT_OK)
                        r = error_raise(reterr, FC_EXIT_INTERNAL, "the containers have not become ready");
        } else if (r > 0)
                r = FC_EXIT_OK;
        take_interrupts(old);
        return r;
}

const char *held_instance(const Held *held) {
        STRV_FOREACH (variable, held->variables)
                if (startswith(*variable, HOLDER_VARIABLE "="))
                        return *variable + strlen(HOLDER_VARIABLE "=");
        return NULL;
}

static int held_put_away(Held *held, Error *reterr) {
        int r = FC_EXIT_OK;

        held->life_fd = safe_close(held->life_fd);
        held->variables = strv_free(held->variables);
        if (held->pid > 0) {
                struct sigaction old[2];

                leave_interrupts(old);
                r = held_await(held, reterr);
                take_interrupts(old);
        }
        return r;
}

int held_end(Held *held, const ProjectRequest *request, int status, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = held_put_away(held, &error);

        if (status == FC_EXIT_OK && r < 0)
                error_move(reterr, &error);
        else if (r < 0)
                report_error(stderr, &error, held_mode(request));
        return status != FC_EXIT_OK ? status : r;
}
