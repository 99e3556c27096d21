/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-exec.h"
#include "base/process.h"
#include "base/strv.h"
#include "resources/secret-command.h"

#define ERRORS_MAX 4096 /* the last of them are shown */
#define LINES_MAX  10

/* A stream of the command's. */
typedef struct SecretOutput {
        int fd;
        char *data;
        size_t size;
} SecretOutput;

typedef struct Run {
        const Project *project;
        const InvokingUser *user;
        bool has_output; /* that is to be kept */
        char *const *command;
        char *const *environment;
        uint64_t timeout_usec;
        pid_t pid; /* also its process group and session */
        int pidfd;
        SecretOutput output, errors;
} Run;

static void output_done(SecretOutput *o) {
        (void) safe_close(o->fd);
        if (o->data)
                explicit_bzero(o->data, o->size);
        free(o->data);
}

static void run_done(Run *run) {
        output_done(&run->output);
        output_done(&run->errors);
        (void) safe_close(run->pidfd);
}

static _Noreturn void exec_command(const Run *run, const int fds[3], pid_t parent) {
        /* In this order: new credentials reset the signal. A session of its own, so that a program that asks
         * for a password on the terminal fails and does not wait. */
        if (!user_become(run->user) || process_end_with_parent(parent, SIGKILL) < 0 || setsid() < 0)
                _exit(126);
        for (int i = 0; i < 3; i++)
                if (dup2(fds[i], i) < 0)
                        _exit(126);
        if (fchdir(run->project->state.root_fd) < 0) {
                (void) dprintf(STDERR_FILENO, "change to '%s': %m\n", run->project->root);
                _exit(126);
        }
        process_unblock_signals();
        /* The user's PATH counts, since it runs as the user. */
        errno = -host_exec(run->command, run->environment, HOST_EXEC_USER);
        (void) dprintf(STDERR_FILENO, "run '%s': %m\n", run->command[0]);
        _exit(127);
}

static int secret_command_pipe(SecretOutput *output, int *ret_theirs, Error *reterr) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        output->fd = fds[0];
        *ret_theirs = fds[1];
        return fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? error_set(reterr, errno, "set up a pipe") : 0;
}

static int run_start(Run *run, Error *reterr) {
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC), out = -EBADF, err = -EBADF;
        pid_t parent = getpid();
        int r;

        if (null < 0)
                return error_set(reterr, errno, "open '/dev/null'");
        r = run->has_output ? secret_command_pipe(&run->output, &out, reterr) : 0;
        if (r >= 0)
                r = secret_command_pipe(&run->errors, &err, reterr);
        if (r < 0)
                return r;
        run->pid = fork();
        if (run->pid == 0)
                exec_command(run, (int[]){null, run->has_output ? out : err, err}, parent);
        if (run->pid < 0)
                return error_set(reterr, errno, "start '%s'", run->command[0]);
        run->pidfd = process_open(run->pid);
        return run->pidfd < 0 ? error_set(reterr, run->pidfd, "open the process of '%s'", run->command[0])
                              : 0;
}

/* Keeps the first @max bytes and one more, or else the last @max. */
static void output_append(SecretOutput *o, const char *data, size_t size, size_t max, bool last) {
        char *bigger;
        size_t room = last ? size : max + 1 - o->size < size ? max + 1 - o->size : size;
        size_t cut = last && o->size + size > max ? o->size + size - max : 0;

        if (cut > o->size)
                cut = o->size;
        /* Not by realloc(), which would leave a copy behind. */
        bigger = xmalloc0(o->size - cut + room + 1);
        if (o->data)
                memcpy(bigger, o->data + cut, o->size - cut);
        memcpy(bigger + o->size - cut, data, room);
        if (o->data)
                explicit_bzero(o->data, o->size);
        free(o->data);
        o->data = bigger;
        o->size += room - cut;
}

/* What there is. Closed at its end, so that it is not polled any more. */
static void output_read(SecretOutput *o, size_t max, bool last) {
        char buffer[65536];
        ssize_t n = 0;

        while (o->fd >= 0 && (last || o->size <= max)) {
                n = read(o->fd, buffer, sizeof(buffer));
                if (n <= 0)
                        break;
                output_append(o, buffer, (size_t) n, max, last);
        }
        explicit_bzero(buffer, sizeof(buffer));
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                o->fd = safe_close(o->fd);
}

/* @signal_fd: only tells that a signal is pending, which an event loop still finds there. */
static int run_wait(Run *run, int signal_fd, Error *reterr) {
        uint64_t deadline = now_usec() + run->timeout_usec;

        for (;;) {
                struct pollfd fds[] = {{.fd = run->pidfd, .events = POLLIN},
                                       {.fd = signal_fd, .events = POLLIN},
                                       {.fd = run->output.fd, .events = POLLIN},
                                       {.fd = run->errors.fd, .events = POLLIN}};
                uint64_t now = now_usec();
                bool ended;

                if (now >= deadline)
                        return error_raise(reterr, FC_EXIT_TIMEOUT,
                                           "'%s' has not ended within %" PRIu64 " s", run->command[0],
                                           run->timeout_usec / USEC_PER_SEC);
                if (poll(fds, ELEMENTSOF(fds), (int) ((deadline - now) / 1000 + 1)) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for '%s'", run->command[0]);
                /* Before its output is read: it writes nothing after its end. */
                ended = fds[0].revents != 0;
                output_read(&run->output, SECRET_SIZE_MAX, /* last= */ false);
                output_read(&run->errors, ERRORS_MAX, /* last= */ true);
                if (run->output.size > SECRET_SIZE_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' writes more than %d bytes",
                                           run->command[0], SECRET_SIZE_MAX);
                if (ended)
                        return 0;
                if (fds[1].revents != 0)
                        return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while '%s' runs",
                                           run->command[0]);
        }
}

static void add_errors(const Run *run, Error *reterr) {
        _cleanup_strv_ char **lines = NULL;
        char *save = NULL;
        size_t n;

        for (char *line = run->errors.data ? strtok_r(run->errors.data, "\n", &save) : NULL; line;
             line = strtok_r(NULL, "\n", &save))
                strv_push(&lines, line);
        n = strv_length(lines);
        for (size_t i = n > LINES_MAX ? n - LINES_MAX : 0; i < n; i++)
                error_add_evidence(reterr, "%s", lines[i]);
}

static int check_end(const Run *run, int status, Error *reterr) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status))
                return error_raise(reterr, FC_EXIT_FAILED, "'%s' has ended with exit status %d",
                                   run->command[0], WEXITSTATUS(status));
        return error_raise(reterr, FC_EXIT_FAILED, "'%s' was killed by signal %d", run->command[0],
                           WTERMSIG(status));
}

/* Blocks the signals that end a command of ours, to see them while it runs. */
static int run_watched(Run *run, Error *reterr) {
        _cleanup_(process_release_interrupts) HeldInterrupts held = HELD_INTERRUPTS_NULL;
        int status = 0, r;

        r = process_hold_interrupts(&held, reterr);
        if (r < 0)
                return r;
        r = run_start(run, reterr);
        if (r >= 0)
                r = run_wait(run, held.fd, reterr);
        if (run->pid > 0) {
                /* Not reaped yet, so the number is still its own. Before it has a group, it is alone. */
                (void) kill(-run->pid, SIGKILL);
                (void) kill(run->pid, SIGKILL);
                status = process_reap(run->pid);
        }
        if (r >= 0)
                r = check_end(run, status, reterr);
        if (r < 0)
                add_errors(run, reterr);
        return r;
}

static Run run_of(const Project *project, const InvokingUser *user, char *const *command,
                  char *const *environment, uint64_t timeout_usec) {
        return (Run){
                .project = project,
                .user = user,
                .command = command,
                .environment = environment,
                .timeout_usec = timeout_usec,
                .pidfd = -EBADF,
                .output = {.fd = -EBADF},
                .errors = {.fd = -EBADF},
        };
}

int secret_run(const Project *project, char *const *command, char *const *environment, uint64_t timeout_usec,
               Secret *ret, Error *reterr) {
        _cleanup_(run_done) Run run = run_of(project, &project->user, command, environment, timeout_usec);
        int r;

        run.has_output = true;
        r = run_watched(&run, reterr);
        if (r < 0)
                return r;
        *ret = (Secret){.data = TAKE_PTR(run.output.data), .size = run.output.size};
        return 0;
}

int host_command_run(const Project *project, const InvokingUser *user, char *const *command,
                     char *const *environment, uint64_t timeout_usec, Error *reterr) {
        _cleanup_(run_done) Run run = run_of(project, user, command, environment, timeout_usec);

        return run_watched(&run, reterr);
}
