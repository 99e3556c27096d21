/* SPDX-License-Identifier: MIT */

/* The second half of fleet.h: what happens from the first stop or start on, driven by events. */

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/time-text.h"
#include "ops/failure.h"
#include "ops/fleet-events.h"
#include "ops/fleet-member.h"
#include "ops/fleet-order.h"
#include "ops/health.h"
#include "record/stop-record.h"
#include "spec/dependency.h"
#include "spec/path.h"
#include "state/gc-root.h"
#include "state/runtime-dir.h"

static void fleet_advance(Fleet *fleet);

static void member_over(Member *m, Phase phase, const char *detail) {
        m->stage = STAGE_OVER;
        progress_update(m->fleet->progress, m->name, phase, detail);
        fleet_advance(m->fleet);
}

static int save_state(Member *m, Phase phase, const char *result, Error *reterr) {
        int r;

        m->state->phase = phase;
        free(m->state->result);
        m->state->result = xstrdup(result);
        r = container_state_save(m->resources.container_fd, m->name, &m->fleet->project->state.user,
                                 m->state, reterr);
        m->untold = r < 0;
        return r;
}

/* Where nothing depends on it. */
static void try_save_state(Member *m, Phase phase, const char *result) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;

        if (!m->state || save_state(m, phase, result, &error) >= 0)
                return;
        text = xasprintf("%s: %s, ignoring", m->name, error.message);
        progress_note(m->fleet->progress, text);
}

/* What goes wrong while stopping says nothing about how the start went. */
static void member_fail(Member *m) {
        Phase remembered = m->stop && !m->start && m->state ? m->state->phase : PHASE_FAILED;

        try_save_state(m, remembered, m->error.message);
        member_over(m, PHASE_FAILED, NULL);
}

/* The start goes on, but this command will hear nothing more of it. */
static void member_lose(Member *m) {
        try_save_state(m, PHASE_STARTING, NULL);
        member_over(m, PHASE_FAILED, NULL);
}

/* Best effort: only `status` reads it. */
static void note_stopping(const Member *m, bool stopping, pid_t asking) {
        _cleanup_close_ int fd = -EBADF;

        if (runtime_dir_container_open(m->fleet->runtime_fd, m->name, &fd, NULL) < 0 || fd < 0)
                return;
        if (stopping)
                (void) stop_record_write(fd, asking, NULL);
        else
                (void) stop_record_remove(fd, NULL);
}

static void on_stopped(StopJob *job, int r, StopMeans means, Error *error, void *userdata) {
        Member *m = userdata;
        static const char *const details[] = {
                [STOP_NONE] = "was not running",
                [STOP_HALTED] = NULL,
                [STOP_TERMINATED] = "terminated: it did not shut down in time",
                [STOP_KILLED] = "killed",
        };

        if (r < 0) {
                if (!error_is_set(&m->error))
                        error_move(&m->error, error);
                note_stopping(m, /* stopping= */ false, 0);
                member_fail(m);
                return;
        }
        m->reached = false;
        try_save_state(m, error_is_set(&m->error) ? PHASE_FAILED : PHASE_STOPPED,
                       error_is_set(&m->error) ? m->error.message : details[means]);
        if (m->start && m->fleet->interrupts == 0 && !error_is_set(&m->error)) {
                progress_update(m->fleet->progress, m->name, PHASE_STOPPED, details[means]);
                m->stage = STAGE_TO_START;
                fleet_advance(m->fleet);
                return;
        }
        member_over(m, error_is_set(&m->error) ? PHASE_FAILED : PHASE_STOPPED, details[means]);
}

/* Its turn comes when all that depends on it has stopped. */
static void member_stop(Member *m) {
        m->stage = STAGE_TO_STOP;
        fleet_advance(m->fleet);
}

static void begin_stop(Member *m) {
        uint64_t timeout = m->fleet->stop_timeout_usec;
        int r;

        m->stage = STAGE_STOPPING;
        m->began_usec = m->began_usec > 0 ? m->began_usec : now_usec();
        m->ready_job = ready_job_free(m->ready_job);
        m->stop_job = stop_job_free(m->stop_job);
        if (timeout == UINT64_MAX)
                timeout = m->stop_timeout_usec;
        /* Noted before the container is asked, so that its end is never taken for a crash. Until it is
         * asked the note counts only while this command lives: a command that is killed before that must
         * not leave a container that seems to end. */
        note_stopping(m, /* stopping= */ true, getpid());
        r = stop_job_new(m->fleet->event, m->fleet->project->facts.cgroup_root, m->machine, timeout,
                         on_stopped, m, &m->stop_job, &m->error);
        if (r < 0) {
                note_stopping(m, /* stopping= */ false, 0);
                member_fail(m);
                return;
        }
        note_stopping(m, /* stopping= */ true, 0);
        /* Told when it has been asked, for the same reason. */
        if (m->status.running || m->start)
                progress_update(m->fleet->progress, m->name, PHASE_STOPPING, NULL);
}

/* Where it is reached: by its ports, or else only from the host, by its own address. */
static char *ready_detail(const Member *m) {
        _cleanup_strv_ char **addresses = NULL;

        if (!m->state)
                return xstrdup("");
        for (size_t i = 0; i < m->state->n_ports; i++)
                strv_push_take(&addresses, bound_port_address(&m->state->ports[i]));
        if (!addresses && m->state->address)
                strv_push(&addresses, m->state->address);
        return strv_join(addresses, "  ");
}

static void on_status(bool booted, const char *text, void *userdata) {
        Member *m = userdata;

        progress_update(m->fleet->progress, m->name, booted || m->attached ? PHASE_WAITING : PHASE_BOOTING,
                        text);
}

static void on_restarting(const char *reason, void *userdata) {
        Member *m = userdata;

        progress_update(m->fleet->progress, m->name, PHASE_RESTARTING, reason);
}

static void on_started(void *userdata) {
        Member *m = userdata;

        m->started = true;
        fleet_advance(m->fleet);
}

static int open_payload_cgroup(void *userdata, Error *reterr) {
        const Member *m = userdata;
        const char *mount = m->fleet->project->facts.cgroup_root;
        MachineStatus status;
        int r;

        r = machine_query(mount, m->machine, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running)
                return error_in_container(reterr, error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped"),
                                          m->name);
        return machine_open_payload_cgroup(&status, mount, m->machine, reterr);
}

static void on_usable(Member *m) {
        /* One that runs, but was not ready in time or whose `up` was killed, is ready only now. */
        bool already = m->attached && (!m->state || m->state->phase == PHASE_READY);
        _cleanup_free_ char *detail = NULL;

        m->reached = true;
        if (m->state && !already) {
                m->state->ready_usec = realtime_usec();
                if (save_state(m, PHASE_READY, NULL, &m->error) < 0) {
                        m->reached = false;
                        member_over(m, PHASE_FAILED, NULL);
                        return;
                }
        }
        /* It may have been found degraded before; one that was started has begun anew. */
        if (m->attached)
                health_note(m->fleet->project, m->name, &(FailedUnits){0});
        if (m->attached)
                note_stopping(m, /* stopping= */ false, 0);
        detail = ready_detail(m);
        member_over(m, already ? PHASE_UNCHANGED : PHASE_READY, already ? "already up" : detail);
}

static void on_completed(Member *m) {
        m->reached = true;
        if (m->state && save_state(m, PHASE_COMPLETED, NULL, &m->error) < 0) {
                m->reached = false;
                member_over(m, PHASE_FAILED, NULL);
                return;
        }
        member_over(m, PHASE_COMPLETED, NULL);
}

/* This command has called it ready and still runs, so it must say when that changes. */
static void on_lost(void *userdata) {
        Member *m = userdata;

        if (m->stage != STAGE_OVER || m->fleet->interrupts > 0)
                return;
        m->reached = false;
        m->was_ready = true;
        m->stage = STAGE_STARTING;
}

/* It was found running a moment ago, but was being killed at that moment, or has ended since. */
static bool has_gone(const ReadyResult *result) {
        return result->outcome == READY_ENDED ||
               (result->outcome == READY_ERROR && result->error->exit == FC_EXIT_NOT_RUNNING);
}

static void on_ready(const ReadyResult *result, void *userdata) {
        _cleanup_(exit_record_done) ExitRecord end = {};
        ReadyResult told = *result;
        Member *m = userdata;

        if (told.outcome == READY_OK) {
                if (m->fleet->no_wait && !member_is_awaited(m))
                        member_over(m, PHASE_STARTING, "not waited for");
                else
                        on_usable(m);
                return;
        }
        if (told.outcome == READY_ENDED && !told.end) {
                end = project_read_end(m->fleet->project, m->name);
                told.end = &end;
        }
        if (told.outcome == READY_ENDED && m->spec->one_shot && exit_record_is_success(told.end)) {
                on_completed(m);
                return;
        }
        if (m->attached && !m->spec->one_shot && has_gone(result)) {
                m->attached = false;
                m->start = true;
                m->stop = true;
                member_stop(m);
                return;
        }
        failure_explain(m, &told, &m->error);
        if (result->outcome == READY_DEGRADED && result->failed->n > 0)
                health_note(m->fleet->project, m->name, result->failed);
        if (m->fleet->rm_on_failure && !m->attached)
                member_stop(m);
        else if (result->outcome == READY_ERROR && m->error.exit == FC_EXIT_HOST)
                member_lose(m);
        else
                member_fail(m);
}

static uint64_t member_ready_timeout(const Member *m) {
        return m->fleet->timeout_usec != UINT64_MAX ? m->fleet->timeout_usec : m->spec->ready_timeout_usec;
}

static void member_wait(Member *m, int control_fd) {
        ReadyRequest request = {
                .container = m->name,
                .control_fd = control_fd,
                .leader = m->attached ? m->status.leader : 0,
                .machine = m->plan->machine,
                .machine_status = &m->status,
                .unsure = !m->state || m->state->phase != PHASE_READY,
                .has_init = m->spec->init != NULL,
                .one_shot = m->spec->one_shot,
                .leader_only = m->fleet->no_wait && !member_is_awaited(m),
                .deadline_usec = now_usec() + member_ready_timeout(m),
                .checks = &m->spec->ready_checks,
                .open_payload_cgroup = open_payload_cgroup,
                .started = on_started,
                .status = on_status,
                .restarting = on_restarting,
                .done = on_ready,
                .userdata = m,
        };

        if (!request.leader_only)
                request.lost = on_lost;
        if (ready_job_new(m->fleet->event, &request, &m->ready_job, &m->error) < 0)
                member_fail(m);
}

/* The intent: whoever comes after a crash finds what was going to be started. */
static int write_intent(Member *m, Error *reterr) {
        const Project *project = m->fleet->project;
        ContainerState *state = container_state_new();

        (void) container_state_free(m->state);
        m->state = state;
        state->machine = xstrdup(m->machine);
        state->boot_id = xstrdup(project->facts.boot_id);
        state->started_usec = realtime_usec();
        state->address = xstrdup(m->plan->address);
        state->definition = strv_copy(m->plan->definition);
        for (size_t i = 0; i < m->resources.n_ports; i++) {
                const Port *p = &m->resources.bound[i];

                if (p->address) {
                        container_state_add_port(state, p->address, p->host, p->container);
                        continue;
                }
                container_state_add_port(state, "127.0.0.1", p->host, p->container);
                if (m->resources.port_fds[i][1] >= 0)
                        container_state_add_port(state, "::1", p->host, p->container);
        }
        return save_state(m, PHASE_STARTING, NULL, reterr);
}

/* The specification, too: it names what the toplevel does not lead to, like the program of a command. And
 * this program: what it has beside it is executed again when the container ends. A garbage collector that
 * cannot be told of it is not a reason to refuse the start. */
static void protect_from_gc(Member *m) {
        const Project *project = m->fleet->project;
        const ContainerPlan *p = m->plan;
        _cleanup_free_ char *path = xasprintf("%s/" STATE_DIR_NAME "/%s", project->root, m->name),
                            *spec = p->spec->toplevel ? realpath(project->spec_path, NULL) : NULL,
                            *program = realpath("/proc/self/exe", NULL),
                            *store = program ? gc_root_store_of(program) : NULL;
        bool in_store = spec && path_is_within(spec, p->store);
        Error error = ERROR_NULL;
        int r;

        r = gc_root_set(m->resources.container_fd, path, &project->state.user, "system", p->spec->toplevel,
                        p->store, &error);
        if (r >= 0)
                r = gc_root_set(m->resources.container_fd, path, &project->state.user, PROJECT_STARTED_LINK,
                                in_store ? spec : NULL, p->store, &error);
        if (r >= 0)
                r = gc_root_set(m->resources.container_fd, path, &project->state.user, "program",
                                store ? program : NULL, store, &error);
        if (r < 0) {
                _cleanup_free_ char *text =
                        xasprintf("%s: %s, so Nix may collect what runs, ignoring", m->name, error.message);

                progress_note(m->fleet->progress, text);
        }
        error_done(&error);
}

static int try_start(Member *m, int *ret_control_fd, Error *reterr) {
        Fleet *fleet = m->fleet;
        int r;

        if (!m->prepared) {
                r = member_prepare(m, reterr);
                if (r < 0)
                        return r;
        }
        if (!m->has_root) {
                r = member_prepare_root(m, reterr);
                if (r < 0)
                        return r;
        }
        r = resources_bind_ports(m->plan, m->state, /* running= */ false, &m->resources, reterr);
        if (r < 0)
                return r;
        r = write_intent(m, reterr);
        if (r < 0)
                return r;
        protect_from_gc(m);
        if (m->plan->bridge) {
                m->resources.bridge_lock = network_lock_path(fleet->project->id);
                m->resources.lock_fd = fleet->network_fd;
                r = network_prepare(&fleet->network, m->machine, reterr);
                if (r < 0)
                        return r;
        }
        return resources_start(fleet->project, fleet->event, m->plan, &m->resources, ret_control_fd,
                               &m->reporter, reterr);
}

static void member_start(Member *m) {
        int control_fd = -EBADF;

        m->stage = STAGE_STARTING;
        progress_update(m->fleet->progress, m->name, PHASE_STARTING, NULL);
        m->began_usec = now_usec();
        m->reporter = machine_reporter_free(m->reporter);
        if (try_start(m, &control_fd, &m->error) < 0) {
                member_fail(m);
                return;
        }
        member_wait(m, control_fd);
}

static void member_attach(Member *m) {
        m->stage = STAGE_STARTING;
        m->attached = m->started = true;
        m->began_usec = now_usec();
        if (m->fleet->no_wait && !member_is_awaited(m))
                member_over(m, PHASE_UNCHANGED, "already up");
        else {
                if (m->spec->one_shot)
                        on_status(/* booted= */ true, "until it has ended", m);
                member_wait(m, -EBADF);
        }
}

static void member_skip(Member *m, const Member *other) {
        _cleanup_free_ char *why = NULL;

        if (m->fleet->interrupts > 0) {
                member_over(m, PHASE_SKIPPED, "interrupted");
                return;
        }
        why = xasprintf("%s %s", other->name,
                        other->start && !other->started ? "was not started" : "failed");
        (void) error_raise(&m->error, error_is_set(&other->error) ? other->error.exit : FC_EXIT_FAILED,
                           "not started: %s", why);
        (void) error_in_container(&m->error, 0, m->name);
        member_over(m, PHASE_SKIPPED, why);
}

/* Return: whether it came any further. */
static bool member_advance(Member *m) {
        const Dependency *open = NULL;
        const Member *other = NULL;

        if (m->stage == STAGE_TO_STOP && (member_may_stop(m) || m->fleet->interrupts > 1)) {
                begin_stop(m);
                return true;
        }
        if (m->stage != STAGE_TO_START)
                return false;
        switch (member_needs(m, &open, &other)) {
        case NEEDS_MET:
                member_start(m);
                return true;
        case NEEDS_FAILED:
                member_skip(m, other);
                return true;
        default:
                break;
        }
        if (m->fleet->interrupts == 0) {
                _cleanup_free_ char *detail =
                        xasprintf("for %s (%s)", other->name, dependency_need_to_string(open->need));

                progress_update(m->fleet->progress, m->name, PHASE_WAITING, detail);
        }
        return false;
}

/* A container that was ready early may have ended while others took their time. */
static bool member_is_over(Member *m) {
        return m->stage == STAGE_OVER && (!m->reached || !m->ready_job || m->spec->one_shot ||
                                          m->fleet->interrupts > 0 || ready_job_holds(m->ready_job));
}

/* Whoever can go on, goes on; at the end of all, the loop ends. Called whenever a member has come to another
 * stage, also from within itself, when one comes to its end at once. */
static void fleet_advance(Fleet *fleet) {
        bool again = true, over = true;

        if (fleet->advancing)
                return;
        fleet->advancing = true;
        while (again) {
                again = false;
                for (size_t i = 0; i < fleet->n_members; i++)
                        again = member_advance(&fleet->members[i]) || again;
        }
        fleet->advancing = false;
        for (size_t i = 0; i < fleet->n_members; i++)
                over = member_is_over(&fleet->members[i]) && over;
        if (over)
                (void) sd_event_exit(fleet->event, 0);
}

/* Those that run as they should are only waited for, whatever becomes of what they depend on. */
static void fleet_begin(Fleet *fleet) {
        fleet->advancing = true;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (m->stage == STAGE_OVER)
                        continue;
                if (m->stop)
                        m->stage = STAGE_TO_STOP;
                else if (m->start)
                        m->stage = STAGE_TO_START;
                else
                        member_attach(m);
        }
        fleet->advancing = false;
        fleet_advance(fleet);
}

/* Started by this command, and there is still something to stop: it is ready, or has failed and was left. */
static bool is_up(const Member *m) {
        return m->stage == STAGE_OVER && m->start && m->started && !(m->spec->one_shot && m->reached);
}

/* The first: everything that was being started goes down in order. The second: at once. */
static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Fleet *fleet = userdata;

        fleet->interrupts++;
        fleet->advancing = true;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (fleet->interrupts > 1 && m->stop_job)
                        stop_job_hurry(m->stop_job);
                if (m->stage == STAGE_TO_START)
                        member_over(m, PHASE_SKIPPED, "interrupted");
                else if (m->stage == STAGE_STARTING && m->attached)
                        member_over(m, PHASE_UNCHANGED, NULL);
                else if (m->stage == STAGE_STARTING)
                        m->stage = STAGE_TO_STOP;
                else if (fleet->undo_all && fleet->interrupts == 1 && is_up(m))
                        m->stage = STAGE_TO_STOP;
        }
        fleet->advancing = false;
        fleet_advance(fleet);
        return 0;
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata) {
        Fleet *fleet = userdata;
        uint64_t interval;

        progress_tick(fleet->progress);
        interval = progress_tick_interval(fleet->progress);
        if (interval == UINT64_MAX)
                return sd_event_source_set_enabled(s, SD_EVENT_OFF);
        (void) sd_event_source_set_time_relative(s, interval);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int watch(Fleet *fleet) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        uint64_t interval = progress_tick_interval(fleet->progress);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++)
                r = sd_event_add_signal(fleet->event, NULL, signals[i], on_interrupt, fleet);
        /* Only a live display ticks, and it does from the first line on. */
        if (r >= 0 && interval != UINT64_MAX)
                r = sd_event_add_time_relative(fleet->event, &fleet->tick, CLOCK_MONOTONIC, interval, 0,
                                               on_tick, fleet);
        return r;
}

int fleet_run(Fleet *fleet, Error *reterr) {
        int r;

        fleet_begin(fleet);
        r = watch(fleet);
        if (r >= 0)
                r = sd_event_loop(fleet->event);
        progress_finish(fleet->progress);
        if (r < 0)
                return error_set(reterr, r, "run the event loop");
        if (fleet->interrupts > 0)
                return FC_EXIT_INTERRUPTED;
        return fleet_report(fleet);
}
