/* SPDX-License-Identifier: MIT */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "enter/environment.h"
#include "host/asker.h"
#include "ops/outer-command.h"

typedef struct OuterCommand {
        char *const *argv;
        char **environment;
        InvokingUser user;
        sigset_t old; /* signals that were blocked before */
        pid_t pid;
        int pidfd, signal_fd;
        bool signalled;
} OuterCommand;

static int outer_environment(OuterCommand *c, char *const *variables, Error *reterr) {
        _cleanup_(asker_freep) Asker *asker = asker_new(/* address= */ NULL, &c->user);
        char *const *base = environ;
        int r = geteuid() == c->user.uid ? 0 : asker_environment(asker, &base, reterr);

        if (r < 0)
                return r;
        c->environment = strv_copy(base);
        STRV_FOREACH (variable, variables)
                environment_set(&c->environment, *variable);
        return 0;
}

static _Noreturn void outer_execute(const OuterCommand *c, pid_t parent) {
        int error;

        /* In this order: new credentials reset the signal. */
        if (!user_become(&c->user) || process_end_with_parent(parent, SIGTERM) < 0)
                _exit(126);
        (void) sigprocmask(SIG_SETMASK, &c->old, NULL);
        environ = c->environment;
        (void) execvp(c->argv[0], c->argv);
        error = errno;
        (void) dprintf(STDERR_FILENO, "error: run '%s': %s\n", c->argv[0], strerror(error));
        _exit(error == ENOENT ? 127 : 126);
}

/* The terminal's own interrupts reach all that is in its foreground. */
static void outer_on_signal(OuterCommand *c) {
        struct signalfd_siginfo info;
        bool keyboard;

        if (read(c->signal_fd, &info, sizeof(info)) != sizeof(info))
                return;
        keyboard = (info.ssi_signo == SIGINT || info.ssi_signo == SIGQUIT) && info.ssi_code == SI_KERNEL;
        if (keyboard)
                return;
        (void) process_signal(c->pidfd, c->signalled ? SIGKILL : (int) info.ssi_signo);
        c->signalled = true;
}

static int outer_wait(OuterCommand *c, Error *reterr) {
        for (;;) {
                struct pollfd fds[] = {{.fd = c->pidfd, .events = POLLIN},
                                       {.fd = c->signal_fd, .events = POLLIN}};
                int status;

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for '%s'", c->argv[0]);
                if (fds[1].revents != 0)
                        outer_on_signal(c);
                if (fds[0].revents == 0)
                        continue;
                status = process_reap(c->pid);
                return status < 0 ? error_set(reterr, status, "wait for '%s'", c->argv[0])
                                  : process_exit_status(status);
        }
}

static int outer_start(OuterCommand *c, Error *reterr) {
        pid_t parent = getpid();

        c->pid = fork();
        if (c->pid == 0)
                outer_execute(c, parent);
        if (c->pid < 0)
                return error_set(reterr, errno, "run '%s'", c->argv[0]);
        c->pidfd = process_open(c->pid);
        return c->pidfd < 0 ? error_set(reterr, c->pidfd, "open the process of '%s'", c->argv[0]) : 0;
}

int outer_command_run(char *const *argv, char *const *variables, Error *reterr) {
        OuterCommand c = {.argv = argv, .pidfd = -EBADF, .signal_fd = -EBADF};
        sigset_t signals;
        int r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGINT);
        (void) sigaddset(&signals, SIGQUIT);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGHUP);
        (void) sigprocmask(SIG_BLOCK, &signals, &c.old);
        c.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
        r = c.signal_fd < 0 ? error_set(reterr, errno, "make a signal descriptor") : 0;
        if (r >= 0)
                r = user_invoking(&c.user, reterr);
        if (r >= 0)
                r = outer_environment(&c, variables, reterr);
        if (r >= 0)
                r = outer_start(&c, reterr);
        if (r >= 0)
                r = outer_wait(&c, reterr);
        /* They stay blocked: what is left to do is not to be cut off. */
        strv_free(c.environment);
        (void) safe_close(c.pidfd);
        (void) safe_close(c.signal_fd);
        return r;
}
