/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/process.h"
#include "enter/direct-child.h"
#include "enter/exec-direct.h"
#include "enter/guard.h"

/* As for a service of a guest's manager. */
#define STOP_USEC (500 * USEC_PER_MSEC)

typedef struct DirectExec {
        Session *session;
        pid_t pid; /* also its process group and session */
        int pidfd;
        sd_event_source *timer;
        ExecOutcome outcome;
} DirectExec;

static void direct_exec_done(DirectExec *x) {
        x->timer = sd_event_source_disable_unref(x->timer);
        x->pidfd = safe_close(x->pidfd);
}

static void direct_signal(void *userdata, int signal) {
        DirectExec *x = userdata;

        /* Not reaped yet, so the number is still its own. */
        if (!x->outcome.known)
                (void) kill(-x->pid, signal);
}

static int on_stop_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        direct_signal(userdata, SIGKILL);
        return 0;
}

static void direct_stop(void *userdata) {
        DirectExec *x = userdata;

        direct_signal(x, SIGTERM);
        if (session_has_terminal(x->session))
                direct_signal(x, SIGHUP);
        (void) sd_event_add_time_relative(session_event(x->session), &x->timer, CLOCK_MONOTONIC, STOP_USEC,
                                          0, on_stop_timer, x);
}

static void direct_reap(DirectExec *x, int options) {
        siginfo_t info = {0};

        if (waitid(P_PIDFD, (id_t) x->pidfd, &info, WEXITED | options) >= 0 && info.si_pid != 0)
                x->outcome = (ExecOutcome){.known = true, .code = info.si_code, .status = info.si_status};
}

static int on_program_ended(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        DirectExec *x = userdata;

        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        direct_reap(x, WNOHANG);
        session_ended(x->session);
        return 0;
}

/* In the guard. The program died with us (PR_SET_PDEATHSIG); this is for what it had started. */
static void guard_kill(void *userdata) {
        const DirectExec *x = userdata;

        (void) kill(-x->pid, SIGKILL);
}

static int direct_run(DirectExec *x, Error *reterr) {
        SessionRunner runner = {.signal = direct_signal, .stop = direct_stop, .userdata = x};
        int r;

        r = sd_event_add_io(session_event(x->session), NULL, x->pidfd, EPOLLIN, on_program_ended, x);
        if (r < 0)
                return error_set(reterr, r, "watch the program in the container");
        return session_run(x->session, &runner, reterr);
}

int exec_directly(const ExecRequest *request, const EnterTarget *target, const Command *command,
                  Session *session, ExecOutcome *ret, Error *reterr) {
        _cleanup_(direct_exec_done) DirectExec x = {.session = session, .pidfd = -EBADF};
        Guard guard = GUARD_NULL;
        int r;

        r = direct_child_start(request, target, command, session, &x.pid, &x.pidfd, reterr);
        if (r < 0)
                return r;
        r = guard_start(guard_kill, &x, NULL, 0, &guard, reterr);
        if (r >= 0)
                r = direct_run(&x, reterr);

        /* On every way out: it does not outlive the session, and leaves no zombie, for which the container's
         * PID 1 would wait when it ends. */
        if (!x.outcome.known) {
                direct_signal(&x, SIGKILL);
                direct_reap(&x, 0);
        }
        guard_done(&guard);
        if (r < 0)
                return r;
        *ret = x.outcome;
        return 0;
}
