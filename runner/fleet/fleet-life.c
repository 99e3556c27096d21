/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "fleet/failure-evidence.h"
#include "fleet/fleet-adjust.h"
#include "fleet/fleet-events.h"
#include "fleet/fleet-life.h"
#include "fleet/fleet-order.h"
#include "fleet/fleet-prepare.h"
#include "fleet/fleet-record.h"
#include "fleet/fleet-say.h"
#include "fleet/fleet-seed.h"
#include "fleet/fleet-switch.h"
#include "record/stop-record.h"
#include "running/health.h"
#include "running/run-records.h"
#include "running/running.h"
#include "state/runtime-dir.h"

void member_over(Member *m, Phase phase, const char *detail) {
        m->stage = STAGE_OVER;
        progress_update(m->fleet->progress, m->at->name, phase, detail);
        fleet_say_failure(m, phase);
        m->fleet->advance(m->fleet);
}

/* Where nothing depends on it. */
static void member_note_state(Member *m, Phase phase, const char *result) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;

        if (!m->state || member_save_state(m, phase, result, &error) >= 0)
                return;
        text = xasprintf("%s: %s, ignoring", m->at->name, error.message);
        progress_note(m->fleet->progress, text);
}

/* What goes wrong while stopping says nothing about how the start went, and one that has gone back to its
 * system runs as it did. */
static void member_fail(Member *m) {
        bool as_before = m->goal == GOAL_STOP || m->goal == GOAL_ADJUST ||
                         (m->goal == GOAL_SWITCH && !member_is_switching(m));
        Phase remembered = as_before && m->state ? m->state->phase : PHASE_FAILED;

        member_note_state(m, remembered, m->at->error.message);
        member_over(m, PHASE_FAILED, NULL);
}

/* The start goes on, but this command will hear nothing more of it. */
static void member_lose(Member *m) {
        member_note_state(m, PHASE_STARTING, NULL);
        member_over(m, PHASE_FAILED, NULL);
}

/* Best effort: `status`, and an `up` after this command was killed, know less. */
static void member_note_stopping(const Member *m, bool stopping, pid_t asking) {
        _cleanup_close_ int fd = -EBADF;

        if (runtime_dir_container_open(m->fleet->runtime_fd, m->at->name, &fd, NULL) < 0 || fd < 0)
                return;
        if (stopping)
                (void) stop_record_write(fd, asking, NULL);
        else
                (void) stop_record_remove(fd, NULL);
}

static const char *member_stop_detail(const Member *m, StopMeans means) {
        static const char *const details[] = {
                [STOP_NONE] = "was not running",
                [STOP_HALTED] = NULL,
                [STOP_TERMINATED] = "terminated: it did not shut down in time",
                [STOP_KILLED] = "killed",
        };

        /* It was not given any, or not all that it had. */
        if (means == STOP_TERMINATED &&
            (m->fleet->options.stop_timeout_usec == 0 || m->fleet->interrupts > 1))
                means = STOP_KILLED;
        return details[means];
}

static void member_on_stopped(StopJob *job, int r, StopMeans means, Error *error, void *userdata) {
        Member *m = userdata;
        const char *detail = member_stop_detail(m, means);

        if (r < 0) {
                if (!error_is_set(&m->at->error))
                        error_move(&m->at->error, error);
                member_note_stopping(m, /* stopping= */ false, 0);
                member_fail(m);
                return;
        }
        m->reached = m->reached > REACHED_STARTED ? REACHED_STARTED : m->reached;
        /* Before the state, which is what says that its end has been told. */
        if (!error_is_set(&m->at->error))
                fleet_on_progress(m->at->name, PHASE_STOPPED, detail, m->fleet);
        member_note_state(m, error_is_set(&m->at->error) ? PHASE_FAILED : PHASE_STOPPED,
                          error_is_set(&m->at->error) ? m->at->error.message : detail);
        if (goal_starts(m->goal) && m->fleet->interrupts == 0 && !error_is_set(&m->at->error)) {
                progress_update(m->fleet->progress, m->at->name, PHASE_STOPPED, detail);
                m->stage = STAGE_TO_START;
                m->fleet->advance(m->fleet);
                return;
        }
        member_over(m, error_is_set(&m->at->error) ? PHASE_FAILED : PHASE_STOPPED, detail);
}

/* Its turn comes when all that depends on it has stopped. */
static void member_stop(Member *m) {
        m->stage = STAGE_TO_STOP;
        m->fleet->advance(m->fleet);
}

void member_begin_stop(Member *m) {
        uint64_t timeout = m->fleet->options.stop_timeout_usec;
        int r;

        m->stage = STAGE_STOPPING;
        m->began_usec = m->began_usec > 0 ? m->began_usec : now_usec();
        member_break_seed(m);
        m->ready_job = ready_job_free(m->ready_job);
        m->stop_job = stop_job_free(m->stop_job);
        if (timeout == UINT64_MAX)
                timeout = m->stop_timeout_usec;
        /* Noted before the container is asked, so that its end is never taken for a crash. Until it is
         * asked the note counts only while this command lives: a command that is killed before that must
         * not leave a container that seems to end. */
        member_note_stopping(m, /* stopping= */ true, getpid());
        r = stop_job_new(m->fleet->watch.event, m->fleet->project->facts.cgroup_root, m->at->machine,
                         timeout, member_on_stopped, m, &m->stop_job, &m->at->error);
        if (r < 0) {
                member_note_stopping(m, /* stopping= */ false, 0);
                member_fail(m);
                return;
        }
        member_note_stopping(m, /* stopping= */ true, 0);
        /* Told when it has been asked, for the same reason. */
        if (m->at->status.running || goal_starts(m->goal))
                progress_update(m->fleet->progress, m->at->name, PHASE_STOPPING, NULL);
}

/* Where it is reached: by its ports, or else only from the host, by its own address. */
static char *member_ready_detail(const Member *m) {
        _cleanup_strv_ char **addresses = NULL;

        if (!m->state)
                return xstrdup("");
        for (size_t i = 0; i < m->state->n_ports; i++) {
                const BoundPort *port = &m->state->ports[i];
                _cleanup_free_ char *address = bound_port_address(port);

                strv_pushf(&addresses, "%s%s", address, bound_port_suffix(port));
        }
        for (size_t i = 0; i < m->state->n_sockets; i++)
                strv_push(&addresses, m->state->sockets[i].host);
        if (!addresses && m->state->address)
                strv_push(&addresses, m->state->address);
        return strv_join(addresses, "  ");
}

static const char *member_unchanged_detail(const Member *m) {
        return m->adjusted ? m->adjusted : "already up";
}

static void member_on_progress(const ReadyProgress *progress, void *userdata) {
        _cleanup_free_ char *text = ready_progress_to_string(progress);
        bool booting = progress->rung <= RUNG_BOOT;
        Member *m = userdata;

        free(m->rung);
        m->rung = xstrdup(ready_progress_rung(progress));
        progress_update(m->fleet->progress, m->at->name,
                        booting && !member_runs_on(m) ? PHASE_BOOTING : PHASE_WAITING, text);
}

static void member_on_restarting(const char *reason, void *userdata) {
        Member *m = userdata;

        progress_update(m->fleet->progress, m->at->name, PHASE_RESTARTING, reason);
}

static void member_on_started(void *userdata) {
        Member *m = userdata;

        if (m->reached < REACHED_STARTED)
                m->reached = REACHED_STARTED;
        m->fleet->advance(m->fleet);
}

static int member_open_payload_cgroup(void *userdata, Error *reterr) {
        const Member *m = userdata;
        MachineStatus status;
        int r;

        r = running_query(m->fleet->project, m->at->name, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running)
                return error_in_container(reterr, error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped"),
                                          m->at->name);
        return machine_open_payload_cgroup(&status, m->fleet->project->facts.cgroup_root, m->at->machine,
                                           reterr);
}

static void member_on_usable(Member *m) {
        /* One that runs, but was not ready in time or whose `up` was killed, is ready only now. */
        bool already = member_is_kept(m) && (!m->state || m->state->phase == PHASE_READY);
        _cleanup_free_ char *detail = member_ready_detail(m);

        m->reached = REACHED_READY;
        if (!already)
                member_settle_system(m);
        /* It may have been found degraded before; one that was started has begun anew. */
        if (member_runs_on(m))
                health_note(m->fleet->project, m->at->name, &(FailedUnits){0});
        /* Before the state: where this command is killed in between, the next one finds a container that is
         * ready already, and says no more. */
        if (!already)
                fleet_on_progress(m->at->name, PHASE_READY, detail, m->fleet);
        if (m->state && !already) {
                /* One that has taken another system has been up all the while. */
                if (m->goal != GOAL_SWITCH || m->state->ready_usec == 0)
                        m->state->ready_usec = realtime_usec();
                if (member_save_state(m, PHASE_READY, NULL, &m->at->error) < 0) {
                        m->reached = REACHED_STARTED;
                        member_over(m, PHASE_FAILED, NULL);
                        return;
                }
        }
        if (member_runs_on(m))
                member_note_stopping(m, /* stopping= */ false, 0);
        member_over(m, already ? PHASE_UNCHANGED : PHASE_READY,
                    already ? member_unchanged_detail(m) : detail);
}

static void member_on_completed(Member *m) {
        m->reached = REACHED_READY;
        fleet_on_progress(m->at->name, PHASE_COMPLETED, NULL, m->fleet);
        if (m->state && member_save_state(m, PHASE_COMPLETED, NULL, &m->at->error) < 0) {
                m->reached = REACHED_STARTED;
                member_over(m, PHASE_FAILED, NULL);
                return;
        }
        member_over(m, PHASE_COMPLETED, NULL);
}

static void member_end_failed(Member *m) {
        if (m->fleet->options.rm_on_failure && !member_runs_on(m))
                member_stop(m);
        else
                member_fail(m);
}

static void member_on_switched(Member *m);

/* One that takes another system is not ready with it before it is filled. */
static void member_end_unseeded(Member *m) {
        if (member_switch_back(m, member_on_switched) == 0)
                member_end_failed(m);
}

static void member_on_seeded(Member *m) {
        if (error_is_set(&m->at->error))
                member_end_unseeded(m);
        else
                member_on_usable(m);
}

/* What it is filled with comes before others may use it. */
static void member_on_answers(Member *m) {
        int r;

        if (m->fleet->options.no_wait && !member_is_awaited(m) && m->goal != GOAL_SWITCH) {
                member_over(m, PHASE_STARTING, "not waited for");
                return;
        }
        r = member_seed(m, member_on_seeded, &m->at->error);
        if (r < 0)
                member_end_unseeded(m);
        else if (r == 0)
                member_on_usable(m);
}

/* This command has called it ready and still runs, so it must say when that changes. */
static void member_on_lost(void *userdata) {
        Member *m = userdata;

        member_break_seed(m);
        if (m->stage != STAGE_OVER || m->fleet->interrupts > 0 || error_is_set(&m->at->error))
                return;
        m->reached = REACHED_STARTED;
        m->stage = STAGE_STARTING;
}

/* It was found running a moment ago, but was being killed at that moment, or has ended since. */
static bool member_has_gone(const ReadyResult *result) {
        return result->outcome == READY_ENDED ||
               (result->outcome == READY_ERROR && result->error->exit == FC_EXIT_NOT_RUNNING);
}

static void member_on_ready(const ReadyResult *result, void *userdata) {
        ReadyResult told = *result;
        _cleanup_(exit_record_done) ExitRecord end = {};
        Member *m = userdata;

        /* One whose seed has failed is still watched, and may begin anew: it has failed all the same, and is
         * not seeded again on what is half made. */
        if (error_is_set(&m->at->error))
                return;
        if (told.outcome == READY_OK) {
                member_on_answers(m);
                return;
        }
        if (told.outcome == READY_ENDED && !told.end) {
                end = run_records_end(m->fleet->project, m->at->name);
                told.end = &end;
        }
        if (told.outcome == READY_ENDED && m->at->spec->one_shot && exit_record_is_success(told.end)) {
                member_on_completed(m);
                return;
        }
        if (member_is_kept(m) && !m->at->spec->one_shot && member_has_gone(result)) {
                m->goal = GOAL_RESTART;
                member_stop(m);
                return;
        }
        if (m->goal == GOAL_SWITCH && member_has_gone(result) && told.outcome == READY_ERROR) {
                end = run_records_end(m->fleet->project, m->at->name);
                told = (ReadyResult){.outcome = READY_ENDED, .end = &end};
        }
        failure_explain(m, &told, &m->at->error);
        if (result->outcome == READY_DEGRADED && result->failed->n > 0)
                health_note(m->fleet->project, m->at->name, result->failed);
        if (told.outcome != READY_ENDED && member_switch_back(m, member_on_switched) > 0)
                return;
        if (result->outcome == READY_ERROR && m->at->error.exit == FC_EXIT_HOST &&
            !(m->fleet->options.rm_on_failure && !member_runs_on(m)))
                member_lose(m);
        else
                member_end_failed(m);
}

static uint64_t member_ready_timeout(const Member *m) {
        uint64_t chosen = m->fleet->options.ready_timeout_usec;

        return chosen != UINT64_MAX ? chosen : m->at->spec->ready_timeout_usec;
}

static void member_wait(Member *m, int control_fd) {
        ReadyRequest request = {
                .container = m->at->name,
                .control_fd = control_fd,
                .leader = member_runs_on(m) ? m->at->status.leader : 0,
                .machine = m->plan->machine,
                .machine_status = &m->at->status,
                .unsure = !m->state || m->state->phase != PHASE_READY || m->goal == GOAL_SWITCH,
                .has_init = m->at->spec->init != NULL,
                .one_shot = m->at->spec->one_shot,
                .leader_only = m->fleet->options.no_wait && !member_is_awaited(m) && m->goal != GOAL_SWITCH,
                .deadline_usec = now_usec() + member_ready_timeout(m),
                .checks = &m->at->spec->ready_checks,
                .open_payload_cgroup = member_open_payload_cgroup,
                .started = member_on_started,
                .progress = member_on_progress,
                .restarting = member_on_restarting,
                .done = member_on_ready,
                .userdata = m,
        };

        if (!request.leader_only)
                request.lost = member_on_lost;
        if (ready_job_new(m->fleet->watch.event, &request, &m->ready_job, &m->at->error) < 0)
                member_fail(m);
}

void member_start(Member *m) {
        int control_fd = -EBADF;

        m->stage = STAGE_STARTING;
        m->seeding = m->seed_broken = false;
        progress_update(m->fleet->progress, m->at->name, PHASE_STARTING, NULL);
        m->began_usec = now_usec();
        m->reporter = machine_reporter_free(m->reporter);
        if (member_try_start(m, &control_fd, &m->at->error) < 0) {
                member_fail(m);
                return;
        }
        member_wait(m, control_fd);
}

/* It has its new system, and is waited for; or it has failed, and has gone back as far as it could. */
static void member_on_switched(Member *m) {
        if (error_is_set(&m->at->error))
                member_fail(m);
        else
                member_wait(m, -EBADF);
}

void member_begin_switch(Member *m) {
        m->stage = STAGE_STARTING;
        m->reached = REACHED_STARTED;
        m->began_usec = now_usec();
        if (member_adjust(m, &m->at->error) < 0 || member_switch(m, member_on_switched, &m->at->error) < 0)
                member_fail(m);
}

void member_attach(Member *m) {
        m->stage = STAGE_STARTING;
        m->reached = REACHED_STARTED;
        m->began_usec = now_usec();
        if (m->goal == GOAL_ADJUST && member_adjust(m, &m->at->error) < 0)
                member_fail(m);
        else if (m->fleet->options.no_wait && !member_is_awaited(m))
                member_over(m, PHASE_UNCHANGED, member_unchanged_detail(m));
        else {
                if (m->at->spec->one_shot)
                        progress_update(m->fleet->progress, m->at->name, PHASE_WAITING,
                                        "until it has ended");
                member_wait(m, -EBADF);
        }
}

/* One that takes another system goes back first; at the second interrupt it is left on its way. */
void member_interrupt(Member *m) {
        if (m->fleet->interrupts == 1 && member_interrupt_switch(m, member_on_switched))
                return;
        member_switch_done(m);
        member_break_seed(m);
        member_over(m, member_is_switching(m) ? PHASE_FAILED : PHASE_UNCHANGED, NULL);
}
