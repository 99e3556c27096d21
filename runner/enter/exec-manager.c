/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "base/process.h"
#include "bus/guest-unit.h"
#include "enter/carry.h"
#include "enter/exec-manager.h"
#include "enter/guard.h"
#include "enter/manager.h"

/* A manager that executes itself anew ("systemctl daemon-reexec", an upgrade) drops its connections and
 * makes its socket again a moment later, and nothing tells when. */
#define RECONNECT_PAUSE_USEC (50 * USEC_PER_MSEC)
#define RECONNECT_USEC       (5 * USEC_PER_SEC)

/* A manager that closes each connection is not just executing itself anew, at once or after a while. */
#define LOSSES_MAX      5
#define UNANSWERED_USEC (8 * USEC_PER_SEC)

/* Setting up a service: systemd's own exit statuses, systemd.exec(5). A program may end with the same. */
enum {
        EXIT_SYSTEMD_CHDIR = 200,
        EXIT_SYSTEMD_EXEC = 203,
        EXIT_SYSTEMD_GROUP = 216,
        EXIT_SYSTEMD_USER = 217,
};

typedef struct ManagedExec {
        const ExecRequest *request;
        const EnterTarget *target;
        const Command *command;
        Session *session;
        char *name;
        GuestBus *bus;
        GuestUnit *unit;
        sd_event_source *reconnect;
        uint64_t lost_usec;       /* when the connection was lost */
        uint64_t unanswered_usec; /* since when the manager owes an answer */
        unsigned losses;          /* meanwhile */
        ExecOutcome outcome;
        Error error;
} ManagedExec;

static void managed_exec_done(ManagedExec *x) {
        x->reconnect = sd_event_source_disable_unref(x->reconnect);
        x->unit = guest_unit_free(x->unit);
        x->bus = guest_bus_free(x->bus);
        free(x->name);
        error_done(&x->error);
}

static void on_unit_started(void *userdata);
static void on_unit_done(const GuestUnitResult *result, void *userdata);

static GuestUnitCallbacks callbacks_of(ManagedExec *x) {
        return (GuestUnitCallbacks){.started = on_unit_started, .done = on_unit_done, .userdata = x};
}

static void lose(ManagedExec *x) {
        if (enter_target_is_alive(x->target))
                (void) error_raise(
                        &x->error, FC_EXIT_EXEC_OWN,
                        "the connection to the systemd of container '%s' was lost, and the exit status of "
                        "'%s' with it",
                        x->request->container, x->command->path);
        session_ended(x->session);
}

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata) {
        ManagedExec *x = userdata;
        GuestUnitCallbacks callbacks = callbacks_of(x);
        int r;

        x->unit = guest_unit_free(x->unit);
        x->bus = guest_bus_free(x->bus);
        r = manager_open(x->target, RECONNECT_USEC, &x->bus, NULL);
        if (!x->bus && enter_target_is_systemd(x->target) && now_usec() - x->lost_usec < RECONNECT_USEC) {
                (void) sd_event_source_set_time_relative(source, RECONNECT_PAUSE_USEC);
                (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
                return 0;
        }
        if (r >= 0)
                r = x->bus ? guest_bus_attach(x->bus, session_event(x->session), NULL) : -ENOTCONN;
        if (r >= 0)
                r = guest_unit_adopt(x->bus, x->name, &callbacks, &x->unit, NULL);
        if (r < 0)
                lose(x);
        return 0;
}

/* Not at once: this is called by the connection that must be replaced. */
static void schedule_reconnect(ManagedExec *x) {
        int r;

        x->lost_usec = now_usec();
        if (x->unanswered_usec == 0)
                x->unanswered_usec = x->lost_usec;
        if (x->losses++ == LOSSES_MAX || x->lost_usec - x->unanswered_usec >= UNANSWERED_USEC) {
                lose(x);
                return;
        }
        x->reconnect = sd_event_source_disable_unref(x->reconnect);
        r = sd_event_add_time_relative(session_event(x->session), &x->reconnect, CLOCK_MONOTONIC, 0, 0,
                                       on_reconnect, x);
        if (r < 0)
                lose(x);
}

static void on_unit_started(void *userdata) {
        ManagedExec *x = userdata;

        x->losses = 0;
        x->unanswered_usec = 0;
        session_start_input(x->session);
}

static void on_unit_done(const GuestUnitResult *result, void *userdata) {
        ManagedExec *x = userdata;

        switch (result->end) {
        case GUEST_UNIT_EXITED:
                x->outcome = (ExecOutcome){.known = true, .code = result->code, .status = result->status};
                session_ended(x->session);
                break;
        case GUEST_UNIT_REFUSED:
                if (result->stopping)
                        (void) error_raise(&x->error, FC_EXIT_NOT_RUNNING, "container '%s' is stopping",
                                           x->request->container);
                else
                        (void) error_raise(&x->error, FC_EXIT_EXEC_OWN,
                                           "the systemd of container '%s' does not start '%s': %s",
                                           x->request->container, x->command->path, result->reason);
                session_ended(x->session);
                break;
        case GUEST_UNIT_DISCONNECTED:
                schedule_reconnect(x);
                break;
        case GUEST_UNIT_UNKNOWN:
                lose(x);
                break;
        }
}

static void managed_signal(void *userdata, int signal) {
        ManagedExec *x = userdata;

        if (x->unit && x->bus)
                guest_unit_kill(x->unit, signal);
}

static void managed_stop(void *userdata) {
        ManagedExec *x = userdata;

        if (x->unit && x->bus)
                guest_unit_stop(x->unit);
}

/* In the guard: over a connection of its own. */
static void guard_stop(void *userdata) {
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        const ManagedExec *x = userdata;

        if (manager_open_patiently(x->target, x->request->boots, RECONNECT_USEC, RECONNECT_USEC, &bus,
                                   NULL) >= 0 &&
            bus)
                (void) guest_unit_stop_by_name(bus, x->name, NULL);
}

static char *new_unit_name(void) {
        uint64_t random;

        while (getrandom(&random, sizeof(random), 0) < 0 && errno == EINTR)
                continue;
        return xasprintf(GUEST_EXEC_PREFIX "%016llx.service", (unsigned long long) random);
}

static int managed_start(ManagedExec *x, Error *reterr) {
        const Command *c = x->command;
        const char *what = x->request->login_shell ? "shell" : x->request->argv[0];
        GuestUnitCallbacks callbacks = callbacks_of(x);
        _cleanup_free_ char *description = NULL;
        GuestService service = {
                .name = x->name,
                .path = c->path,
                .argv = c->argv,
                .environment = c->environment,
                .user = c->account.uid == 0 && c->account.known ? NULL : c->account.name,
                .group = c->account.group,
                .directory = c->directory,
                .directory_optional = c->directory_optional,
                .terminal = session_has_terminal(x->session),
        };

        description = xasprintf("flake-containers exec: %s", carry_assignment_is_plain(what) ? what : "...");
        service.description = description;
        memcpy(service.stdio, session_program_stdio(x->session), sizeof(service.stdio));
        x->unanswered_usec = now_usec();
        return guest_unit_start(x->bus, &service, &callbacks, &x->unit, reterr);
}

/* Systemd's statuses are believed where the cause could not be ruled out beforehand. */
static int check_setup(const ManagedExec *x, Error *reterr) {
        const Command *c = x->command;
        const char *container = x->request->container;

        if (!x->outcome.known || x->outcome.code != CLD_EXITED)
                return 0;
        switch (x->outcome.status) {
        case EXIT_SYSTEMD_EXEC:
                if (c->certain_path)
                        return 0;
                return error_raise(reterr, FC_EXIT_NOT_EXECUTABLE,
                                   "'%s' cannot be executed in container '%s' as user '%s'", c->path,
                                   container, c->account.name);
        case EXIT_SYSTEMD_GROUP:
                if (!c->account.group || c->account.has_gid)
                        return 0;
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "container '%s' has no group '%s'", container,
                                   c->account.group);
        case EXIT_SYSTEMD_USER:
                if (c->account.known)
                        return 0;
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "container '%s' has no user '%s'", container,
                                   c->account.name);
        case EXIT_SYSTEMD_CHDIR:
                if (c->certain_directory)
                        return 0;
                return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                   "user '%s' of container '%s' may not enter the working directory '%s'",
                                   c->account.name, container, c->directory);
        default:
                return 0;
        }
}

static int managed_run(ManagedExec *x, Error *reterr) {
        SessionRunner runner = {.signal = managed_signal,
                                .stop = managed_stop,
                                .userdata = x,
                                /* The manager resets a terminal before the program has it, and what was
                                   typed is lost then. */
                                .input_later = session_has_terminal(x->session)};
        int r;

        r = guest_bus_attach(x->bus, session_event(x->session), reterr);
        if (r >= 0)
                r = managed_start(x, reterr);
        if (r >= 0)
                r = session_run(x->session, &runner, reterr);
        return r;
}

int exec_by_manager(const ExecRequest *request, const EnterTarget *target, const Command *command,
                    GuestBus **bus, Session *session, ExecOutcome *ret, Error *reterr) {
        _cleanup_(managed_exec_done) ManagedExec x = {
                .request = request,
                .target = target,
                .command = command,
                .session = session,
                .name = new_unit_name(),
                .bus = TAKE_PTR(*bus),
        };
        Guard guard = GUARD_NULL;
        int r;

        r = guard_start(guard_stop, &x, (int[]){target->pidfd, target->proc_fd, target->root_fd}, 3, &guard,
                        reterr);
        if (r < 0)
                return r;
        r = managed_run(&x, reterr);
        guard_done(&guard);
        if (r < 0)
                return r;

        if (error_is_set(&x.error)) {
                error_move(reterr, &x.error);
                return -EIO;
        }
        r = check_setup(&x, reterr);
        if (r < 0)
                return r;
        *ret = x.outcome;
        return 0;
}
