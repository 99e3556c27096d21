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
#include "keeper/payload.h"
#include "keeper/service-finish.h"
#include "keeper/service-records.h"
#include "keeper/service-starts.h"
#include "record/ephemeral.h"
#include "record/exit-record.h"
#include "record/record.h"
#include "record/state-place.h"
#include "record/stop-record.h"

/* Less than systemd lets ExecStopPost= take. */
#define JOB_PATIENCE_USEC (10 * USEC_PER_SEC)

/* A command may take its time to end, and has no systemd that could be asked for its state. */
static void note_stopping(const ServiceOptions *o) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (runtime_fd >= 0)
                (void) stop_record_write(runtime_fd, 0, NULL);
}

int service_stop(const ServiceOptions *o, Error *reterr) {
        const char *main_pid = getenv("MAINPID");
        _cleanup_close_ int cgroup_fd = -EBADF, nspawn = -EBADF;
        int r;

        if (!main_pid)
                return 0;
        nspawn = process_open((pid_t) strtol(main_pid, NULL, 10));
        if (nspawn < 0)
                return 0;
        r = machine_unit_cgroup_open(CGROUP_MOUNT, o->keeper.machine, &cgroup_fd, reterr);
        if (r < 0 || cgroup_fd < 0)
                return r;
        note_stopping(o);
        r = payload_terminate_command(&o->keeper, cgroup_fd, reterr);
        return r <= 0 ? r : process_wait(nspawn, UINT64_MAX);
}

int service_ask_stop(const ServiceOptions *o, Error *reterr) {
        static const HostUnitHandlers handlers = {};
        _cleanup_free_ char *name = machine_unit_name(o->keeper.machine);
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(host_unit_freep) HostUnit *unit = NULL;
        int r;

        note_stopping(o);
        r = host_bus_open(/* event= */ NULL, &bus, reterr);
        if (r >= 0)
                r = host_unit_new(bus, name, &handlers, NULL, &unit, reterr);
        return r < 0 ? r : host_unit_stop(unit, reterr);
}

/* The signal of a name as systemd writes it, without "SIG"; 0: it is not known here. */
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
        /* SIGPOLL: systemd calls it so, glibc otherwise. The lifeline sends it (service-lifeline.h). */
        else if (streq(status, "IO"))
                text = xstrdup("its relay was killed");
        else if (find_signal(status) > 0)
                return (ExitRecord){.how = ENDED_KILLED, .code = find_signal(status)};
        else
                text = xasprintf("killed %s", status);
        return exit_record_from_text(text);
}

/* The unit's group is there until this program has ended. Where it cannot be read, the end is told without
 * its reason. */
static bool unit_ran_out_of_memory(const char *machine) {
        _cleanup_close_ int cgroup_fd = -EBADF;

        return machine_unit_cgroup_open(CGROUP_MOUNT, machine, &cgroup_fd, NULL) >= 0 && cgroup_fd >= 0 &&
               cgroup_ran_out_of_memory(cgroup_fd, ".");
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

/* systemd does not restart a unit that is being stopped, and dying from a signal is then no failure. Without
 * an answer the rest is put away all the same. */
static HostUnitJob find_job(const ServiceOptions *o) {
        _cleanup_free_ char *name = machine_unit_name(o->keeper.machine);
        HostUnitJob job;

        return host_unit_find_job(name, JOB_PATIENCE_USEC, &job, NULL) >= 0 ? job : HOST_UNIT_JOB_OTHER;
}

/* A command may end in order before systemd has heard that it is ready, which it calls a failure. */
static bool finish_has_failed(const ServiceOptions *o) {
        const char *result = getenv("SERVICE_RESULT"), *code = getenv("EXIT_CODE"),
                   *status = getenv("EXIT_STATUS");

        if (!o->keeper.restart && code && streq(code, "exited") && status && streq(status, "0"))
                return false;
        return !result || !streq(result, "success");
}

static int find_outcome(const ServiceOptions *o, int runtime_fd, Outcome *ret, Error *reterr) {
        const char *status = getenv("EXIT_STATUS");
        bool failed = finish_has_failed(o), given_up = false,
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
                r = starts_reached(runtime_fd, &given_up, reterr);
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

static int note_end(const KeeperRecords *records, Outcome outcome, ExitRecord *end, Error *reterr) {
        int r = 0;

        end->given_up = outcome == OUTCOME_GIVEN_UP;
        if (end->given_up)
                r = records_count_crashes(records, &end->restarts, reterr);
        return r < 0 ? r : exit_record_write(records->runtime_fd, end, reterr);
}

/* That its end was asked for, as `service stop` has noted, is not about the next start. */
static int note_restart(const KeeperRecords *records, const char *end, Error *reterr) {
        int r = stop_record_remove(records->runtime_fd, reterr);

        return r < 0 ? r : records_note_restart(records, end, reterr);
}

/* @pace: when the guest is started again after a reboot, NULL: at once. */
static int note_outcome(const KeeperRecords *records, Outcome outcome, const ExitRecord *end,
                        const char *pace, Error *reterr) {
        _cleanup_free_ char *text = exit_record_to_string(end);

        switch (outcome) {
        case OUTCOME_REBOOTS:
                return records_note_reboot(records, pace, reterr);
        case OUTCOME_RESTARTED:
                return note_restart(records, text, reterr);
        case OUTCOME_RESTARTS:
                return records_note_crash(records, text, reterr);
        case OUTCOME_ENDED:
                records_event(records, PHASE_ENDED, text);
                break;
        case OUTCOME_FAILED:
        case OUTCOME_GIVEN_UP:
                records_event(records, PHASE_CRASHED, text);
                break;
        }
        return 0;
}

/* @ret_pace: when it is started again after a reboot, NULL: at once. */
static int note_pace(int runtime_fd, Outcome outcome, char **ret_pace, Error *reterr) {
        if (outcome == OUTCOME_REBOOTS)
                return start_pace_note_reboot(runtime_fd, ret_pace, reterr);
        return outcome == OUTCOME_RESTARTS ? start_pace_note_failure(runtime_fd, reterr)
                                           : start_pace_forget(runtime_fd, reterr);
}

/* Release what belongs to the project. Keep an ephemeral root across a restart. */
static int put_away(const ServiceOptions *o, int runtime_fd, Error *reterr) {
        _cleanup_(exit_record_done) ExitRecord end = find_end(runtime_fd);
        _cleanup_(service_records_done) ServiceRecords records = SERVICE_RECORDS_NULL;
        _cleanup_free_ char *pace = NULL;
        Outcome outcome;
        int r;

        /* What counts is all of the unit's time: memory may have run out long before a reboot. */
        if (!exit_record_is_success(&end) && !exit_record_is_reboot(&end))
                end.out_of_memory = unit_ran_out_of_memory(o->keeper.machine);
        r = find_outcome(o, runtime_fd, &outcome, reterr);
        if (r >= 0)
                r = service_records_open(o, &records, reterr);
        if (r >= 0)
                r = note_end(&records.shared, outcome, &end, reterr);
        if (r >= 0)
                r = note_pace(runtime_fd, outcome, &pace, reterr);
        if (r >= 0)
                r = note_outcome(&records.shared, outcome, &end, pace, reterr);
        if (r >= 0 && records.state_fd >= 0 && !starts_again(outcome))
                r = ephemeral_remove(records.state_fd, reterr);
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
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = 0;

        /* Not there: a command has put the project away meanwhile, and the record is of no use. */
        if (runtime_fd >= 0)
                r = put_away(o, runtime_fd, reterr);
        if (r >= 0)
                r = nspawn_clear_leftovers(o->keeper.machine, reterr);
        if (r >= 0)
                r = unregister(o, reterr);
        return r < 0 ? r : netns_helper_release(&o->keeper, reterr);
}
