/* SPDX-License-Identifier: MIT */

#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-failed.h"
#include "drift/switch-check.h"
#include "enter/manager.h"
#include "fleet/failure-evidence.h"
#include "fleet/fleet-record.h"
#include "fleet/fleet-seed.h"
#include "fleet/fleet-switch.h"
#include "plan/definition.h"
#include "plan/nspawn-argv.h"
#include "ready/switch-output.h"
#include "rootfs/skeleton.h"
#include "running/failure.h"
#include "running/health.h"
#include "running/running.h"
#include "state/generations.h"

/* For a program that says nothing, and for the way back after an interrupt. */
#define BACK_USEC (90 * USEC_PER_SEC)

void member_switch_done(Member *m) {
        m->switch_job = switch_job_free(m->switch_job);
}

static void member_note(const Member *m, const char *text) {
        _cleanup_free_ char *note = xasprintf("%s: %s", m->at->name, text);

        progress_note(m->fleet->progress, note);
}

/* @toplevel: NULL: it has come to an end. Where that cannot be written it is still what was written last. */
static int member_note_switching(Member *m, const char *toplevel, Error *reterr) {
        char *before = m->state->switching;
        int r;

        m->state->switching = xstrdup(toplevel);
        r = container_state_save(m->resources.container_fd, m->at->name, &m->fleet->project->state.user,
                                 m->state, reterr);
        if (r >= 0)
                free(before);
        else {
                free(m->state->switching);
                m->state->switching = before;
        }
        return r;
}

static void member_on_switch_line(const char *line, void *userdata) {
        Member *m = userdata;
        _cleanup_free_ char *text = NULL, *note = NULL;

        switch (switch_output_parse(line, &text)) {
        case SWITCH_SAYS_STEP:
                progress_update(m->fleet->progress, m->at->name, PHASE_SWITCHING, text);
                break;
        case SWITCH_SAYS_KEPT:
                note = xasprintf("changed, but not restarted: %s", text);
                member_note(m, note);
                break;
        case SWITCH_SAYS_OTHER:
                break;
        }
}

static int member_run_switch(Member *m, const char *toplevel, uint64_t timeout_usec,
                             void (*done)(const SwitchResult *result, void *userdata), Error *reterr) {
        SwitchRequest request = {
                .event = m->fleet->watch.event,
                .container = m->at->name,
                .toplevel = toplevel,
                .deadline_usec = now_usec() + timeout_usec,
                .says = member_on_switch_line,
                .done = done,
                .userdata = m,
        };
        MachineStatus status;
        int r;

        m->switch_job = switch_job_free(m->switch_job);
        r = running_query(m->fleet->project, m->at->name, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running || status.leader == 0)
                return error_in_container(reterr, error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped"),
                                          m->at->name);
        request.leader = status.leader;
        return switch_job_new(&request, &m->switch_job, reterr);
}

/* ---- back ---- */

static void member_finish_switch(Member *m) {
        void (*done)(Member * m) = m->switch_finish;

        m->switch_job = switch_job_free(m->switch_job);
        done(m);
}

static void member_tell_stranded(Member *m, const char *why) {
        _cleanup_free_ char *restart = project_command(m->fleet->project, "restart", m->at->name);

        error_add_hint(&m->at->error,
                       "going back to the system that ran before failed, too (%s); start over: %s", why,
                       restart);
}

static void member_on_back(const SwitchResult *result, void *userdata) {
        Member *m = userdata;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *how = NULL, *restart = NULL;

        if (!result->succeeded) {
                how = failure_describe_switch(result);
                member_tell_stranded(m, how);
        } else if (member_note_switching(m, NULL, &error) < 0)
                member_tell_stranded(m, error.message);
        else {
                (void) member_protect_next(m, NULL, NULL);
                restart = project_command(m->fleet->project, "up --restart-changed", m->at->name);
                error_add_hint(&m->at->error, "it runs again with the system that it had before%s",
                               m->adjusted ? ", and with the new ports and limits" : "");
                error_add_hint(&m->at->error, "start the new one, by a restart: %s", restart);
        }
        member_finish_switch(m);
}

int member_switch_back(Member *m, void (*done)(Member *m)) {
        const char *toplevel = m->state ? definition_get(m->state->definition, DEFINITION_TOPLEVEL) : NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (!member_is_switching(m) || m->goes_back)
                return 0;
        m->goes_back = true;
        m->switch_finish = done;
        member_break_seed(m);
        m->ready_job = ready_job_free(m->ready_job);
        progress_update(m->fleet->progress, m->at->name, PHASE_SWITCHING,
                        "back to the system that ran before");
        if (member_run_switch(m, toplevel, BACK_USEC, member_on_back, &error) >= 0)
                return 1;
        member_tell_stranded(m, error.message);
        return 0;
}

/* ---- on the way ---- */

static int member_get_failed(const Member *m, FailedUnits *ret) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        MachineStatus status;
        int r;

        r = running_query(m->fleet->project, m->at->name, &status, NULL);
        if (r >= 0 && status.leader > 0)
                r = enter_target_open(status.leader, &target, NULL);
        if (r >= 0)
                r = manager_open_patiently(&target, /* boots= */ true, GUEST_BUS_TIMEOUT_USEC,
                                           GUEST_BUS_TIMEOUT_USEC, &bus, NULL);
        return r < 0 ? r : bus ? guest_bus_get_failed_units(bus, ret, NULL) : -ENOTCONN;
}

/* The units that failed say more than the program does. */
static void member_explain_switch(Member *m, const SwitchResult *result) {
        FailedUnits failed = {};

        if (result->interrupted) {
                (void) error_raise(&m->at->error, FC_EXIT_INTERRUPTED, "interrupted");
                (void) error_in_container(&m->at->error, 0, m->at->name);
                return;
        }
        if (!result->timed_out && member_get_failed(m, &failed) >= 0 && failed.n > 0) {
                health_note(m->fleet->project, m->at->name, &failed);
                failure_explain(m, &(ReadyResult){.outcome = READY_DEGRADED, .failed = &failed},
                                &m->at->error);
        } else
                failure_explain_switch(m, result, &m->at->error);
        failed_units_done(&failed);
}

static void member_on_switch_end(const SwitchResult *result, void *userdata) {
        Member *m = userdata;
        _cleanup_(error_done) Error error = ERROR_NULL;

        /* Why it stops is found out by waiting for it. */
        if (result->succeeded || result->stopped) {
                member_finish_switch(m);
                return;
        }
        member_explain_switch(m, result);
        if (result->code == CLD_EXITED && result->status == SWITCH_EXIT_OTHER_INIT &&
            member_note_switching(m, NULL, &error) >= 0) {
                member_finish_switch(m);
                return;
        }
        if (member_switch_back(m, m->switch_finish) == 0)
                member_finish_switch(m);
}

int member_switch(Member *m, void (*done)(Member *m), Error *reterr) {
        uint64_t timeout = m->fleet->options.ready_timeout_usec;
        const char *toplevel = m->plan->spec->toplevel;
        int r;

        m->switch_finish = done;
        m->goes_back = false;
        if (member_protect_next(m, toplevel, NULL) < 0)
                member_note(m, "Nix may collect its new system, ignoring");
        r = member_note_switching(m, toplevel, reterr);
        if (r < 0) {
                (void) member_protect_next(m, NULL, NULL);
                return r;
        }
        progress_update(m->fleet->progress, m->at->name, PHASE_SWITCHING, toplevel);
        return member_run_switch(m, toplevel,
                                 timeout != UINT64_MAX ? timeout : m->at->spec->ready_timeout_usec,
                                 member_on_switch_end, reterr);
}

bool member_interrupt_switch(Member *m, void (*done)(Member *m)) {
        if (!member_is_switching(m))
                return false;
        if (m->goes_back)
                return true;
        if (m->switch_job) {
                switch_job_stop(m->switch_job);
                return true;
        }
        (void) error_raise(&m->at->error, FC_EXIT_INTERRUPTED, "interrupted");
        (void) error_in_container(&m->at->error, 0, m->at->name);
        return member_switch_back(m, done) > 0;
}

/* ---- there ---- */

static void member_settle_switch(Member *m) {
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        free(m->state->switching);
        m->state->switching = NULL;
        strv_free(m->state->definition);
        m->state->definition = strv_copy(m->plan->definition);
        r = switch_open_root(m->at->spec, m->resources.container_fd, &root_fd, NULL);
        if (r >= 0 && root_fd >= 0)
                r = skeleton_link_init(root_fd, m->at->spec->init, NULL);
        if (r < 0 || root_fd < 0)
                member_note(m, "it boots its old system when it reboots: '" SYSTEM_INIT
                               "' cannot be changed, ignoring");
        member_protect_system(m);
        (void) member_protect_next(m, NULL, NULL);
}

static void member_add_generation(Member *m) {
        const Project *project = m->fleet->project;
        _cleanup_free_ char *path = project_container_path(project, m->at->name), *text = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (streq_ptr(m->fleet->options.rolls_back, m->at->name)) {
                m->state->generation = m->fleet->options.generation;
                return;
        }
        if (generations_add(m->resources.container_fd, path, &project->state.user, m->plan->spec->toplevel,
                            m->plan->store, &m->state->generation, &error) >= 0)
                return;
        text = xasprintf("its system is not kept as a generation: %s, ignoring", error.message);
        member_note(m, text);
}

void member_settle_system(Member *m) {
        if (member_is_switching(m))
                member_settle_switch(m);
        if (m->state && m->plan->store)
                member_add_generation(m);
}
