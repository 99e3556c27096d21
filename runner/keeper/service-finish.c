/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "bus/host-bus.h"
#include "bus/host-unit.h"
#include "cgroup/cgroup.h"
#include "cgroup/leftovers.h"
#include "keeper/machine-unit.h"
#include "keeper/netns-helper.h"
#include "record/crash-record.h"
#include "record/ephemeral.h"
#include "record/exit-record.h"
#include "record/record.h"
#include "record/state-place.h"
#include "record/stop-record.h"
#include "keeper/service-events.h"
#include "keeper/service-finish.h"
#include "keeper/service-start-limit.h"
#include "keeper/service-start-pace.h"

/* A command may take its time, and has no state that it could be asked for. */
static void note_stopping(const ServiceOptions *o) {
        _cleanup_close_ int runtime_fd =
                o->runtime ? open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;

        if (runtime_fd >= 0)
                (void) stop_record_write(runtime_fd, 0, NULL);
}

int service_stop(const ServiceOptions *o, Error *reterr) {
        const char *main_pid = getenv("MAINPID");
        _cleanup_close_ int cgroup_fd = -EBADF, nspawn = -EBADF;
        pid_t pid;
        int r;

        if (!main_pid)
                return 0;
        nspawn = process_open((pid_t) strtol(main_pid, NULL, 10));
        if (nspawn < 0)
                return 0;
        r = machine_unit_cgroup_open(CGROUP_MOUNT, o->keeper.machine, &cgroup_fd, reterr);
        if (r < 0 || cgroup_fd < 0)
                return r;
        r = cgroup_find_process(cgroup_fd, 2, &pid, reterr);
        if (r < 0 || pid == 0)
                return r;
        note_stopping(o);
        (void) kill(pid, SIGTERM);
        return process_wait(nspawn, UINT64_MAX);
}

/* Of a name as systemd writes it, without "SIG"; 0: it has none here. */
static int find_signal(const char *name) {
        for (int i = 1; i < 32; i++)
                if (sigabbrev_np(i) && streq(sigabbrev_np(i), name))
                        return i;
        return 0;
}

/* What the relay has noted, or what systemd says of the main process, systemd.exec(5): "exited" and a
 * number, or "killed" and a signal's name. */
static ExitRecord find_end(int runtime_fd) {
        const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS"),
                   *result = getenv("SERVICE_RESULT");
        _cleanup_free_ char *text = NULL;

        if (record_read(runtime_fd, RECORD_GIVEN_UP, &text, NULL) >= 0 && text)
                return exit_record_from_text(text);
        if (!code || !status)
                text = xasprintf("its unit failed: %s", result ? result : "unknown");
        else if (streq(code, "exited"))
                return (ExitRecord){.how = ENDED_EXITED, .code = (int) strtol(status, NULL, 10)};
        /* SIGPOLL: systemd calls it so, glibc otherwise. The lifeline sends it (unit/lifeline.h). */
        else if (streq(status, "IO"))
                text = xstrdup("its relay was killed");
        else if (find_signal(status) > 0)
                return (ExitRecord){.how = ENDED_KILLED, .code = find_signal(status)};
        else
                text = xasprintf("killed %s", status);
        return exit_record_from_text(text);
}

/* What becomes of the machine. */
typedef enum Outcome {
        OUTCOME_ENDED,     /* it was stopped, or ended of its own accord */
        OUTCOME_RESTARTED, /* with its unit, as by `systemctl restart` */
        OUTCOME_FAILED,
        OUTCOME_GIVEN_UP,
        OUTCOME_RESTARTS,
        OUTCOME_REBOOTS,
} Outcome;

static bool starts_again(Outcome outcome) {
        return outcome == OUTCOME_RESTARTED || outcome == OUTCOME_RESTARTS || outcome == OUTCOME_REBOOTS;
}

/* Whom somebody stops, systemd does not start again, and to end with a signal is then no failure. */
static HostUnitJob find_job(const ServiceOptions *o) {
        _cleanup_free_ char *name = machine_unit_name(o->keeper.machine);
        _cleanup_(host_bus_freep) HostBus *bus = NULL;

        return host_bus_open(/* event= */ NULL, &bus, NULL) >= 0 ? host_unit_get_job(bus, name)
                                                                 : HOST_UNIT_JOB_OTHER;
}

/* A command may end in order before systemd has heard that it is ready, which it calls a failure. */
static bool has_failed(const ServiceOptions *o) {
        const char *result = getenv("SERVICE_RESULT"), *code = getenv("EXIT_CODE"),
                   *status = getenv("EXIT_STATUS");

        if (!o->keeper.restart && code && streq(code, "exited") && status && streq(status, "0"))
                return false;
        return !result || !streq(result, "success");
}

static int find_outcome(const ServiceOptions *o, int runtime_fd, Outcome *ret, Error *reterr) {
        const char *status = getenv("EXIT_STATUS");
        bool failed = has_failed(o), given_up = false,
             reboots = !failed && status && strtol(status, NULL, 10) == EXIT_STATUS_REBOOT;
        HostUnitJob job = find_job(o);
        int r;

        if (job == HOST_UNIT_JOB_RESTART) {
                *ret = OUTCOME_RESTARTED;
                return 0;
        }
        if ((!failed && !reboots) || job == HOST_UNIT_JOB_STOP) {
                *ret = OUTCOME_ENDED;
                return 0;
        }
        /* A reboot counts, too. */
        if (o->keeper.restart) {
                r = start_limit_reached(runtime_fd, &given_up, reterr);
                if (r < 0)
                        return r;
        }
        if (given_up)
                *ret = OUTCOME_GIVEN_UP;
        else if (reboots)
                *ret = OUTCOME_REBOOTS;
        else
                *ret = o->keeper.restart ? OUTCOME_RESTARTS : OUTCOME_FAILED;
        return 0;
}

/* That it starts again is noted for `status`, and that it does not any more. */
static int note_end(int runtime_fd, Outcome outcome, ExitRecord *end, Error *reterr) {
        _cleanup_free_ char *text = exit_record_to_string(end);
        CrashRecord crashes;
        int r;

        r = crash_record_read(runtime_fd, &crashes, reterr);
        if (r < 0)
                return r;
        if (outcome == OUTCOME_RESTARTS) {
                crashes.restarts++;
                crashes.crash_usec = realtime_usec();
                (void) snprintf(crashes.reason, sizeof(crashes.reason), "%s", text);
        } else if (outcome == OUTCOME_REBOOTS || outcome == OUTCOME_RESTARTED)
                crashes.reboots++;
        else if (outcome == OUTCOME_GIVEN_UP) {
                end->given_up = true;
                end->restarts = crashes.restarts;
        }
        if (starts_again(outcome)) {
                crashes.ready_usec = 0;
                r = crash_record_write(runtime_fd, &crashes, reterr);
                if (r < 0)
                        return r;
        }
        return exit_record_write(runtime_fd, end, reterr);
}

/* @pace: when the guest is started again after a reboot, NULL: at once. */
static void tell(const ServiceOptions *o, int state_fd, Outcome outcome, const ExitRecord *end,
                 const char *pace) {
        _cleanup_free_ char *text = exit_record_to_string(end);

        if (outcome == OUTCOME_REBOOTS) {
                service_event(o, state_fd, PHASE_REBOOTING, pace);
                return;
        }
        service_event(o, state_fd,
                      outcome == OUTCOME_ENDED || outcome == OUTCOME_RESTARTED ? PHASE_ENDED : PHASE_CRASHED,
                      text);
        if (starts_again(outcome))
                service_event(o, state_fd, PHASE_RESTARTING, NULL);
}

/* What is the project's. An ephemeral root outlives what is no end. */
static int put_away(const ServiceOptions *o, int runtime_fd, Error *reterr) {
        _cleanup_(exit_record_done) ExitRecord end = find_end(runtime_fd);
        _cleanup_free_ char *pace = NULL;
        _cleanup_close_ int state_fd = -EBADF;
        Outcome outcome;
        int r;

        r = find_outcome(o, runtime_fd, &outcome, reterr);
        if (r >= 0)
                r = note_end(runtime_fd, outcome, &end, reterr);
        if (r >= 0)
                r = outcome == OUTCOME_REBOOTS ? start_pace_note_reboot(runtime_fd, &pace, reterr)
                                               : start_pace_forget(runtime_fd, reterr);
        if (r >= 0)
                r = state_place_open(runtime_fd, &state_fd, reterr);
        if (r < 0)
                return r;
        if (state_fd >= 0 && !starts_again(outcome))
                r = ephemeral_remove(state_fd, reterr);
        tell(o, state_fd, outcome, &end, pace);
        return r;
}

/* nspawn does so itself unless it was killed. */
static int unregister(const ServiceOptions *o, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        const char *code = getenv("EXIT_CODE");
        int r;

        if (!code || streq(code, "exited"))
                return 0;
        r = host_bus_open(/* event= */ NULL, &bus, reterr);
        return r < 0 ? r : host_bus_forget_machine(bus, o->keeper.machine, reterr);
}

int service_finish(const ServiceOptions *o, Error *reterr) {
        _cleanup_close_ int runtime_fd =
                o->runtime ? open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
        int r = 0;

        /* Not there: a command has put the project away meanwhile, and nobody asks. */
        if (runtime_fd >= 0)
                r = put_away(o, runtime_fd, reterr);
        if (r >= 0)
                r = nspawn_clear_leftovers(o->keeper.machine, reterr);
        if (r >= 0)
                r = unregister(o, reterr);
        return r < 0 ? r : netns_helper_release_bridge(&o->keeper, reterr);
}
