/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "backend/tree.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "cli/failure.h"
#include "cli/fleet.h"
#include "enter/manager.h"
#include "project/identity.h"
#include "project/runtime-dir.h"
#include "report/format.h"

/* Another command on the same container ends within its own deadlines. */
#define LOCK_TIMEOUT_USEC (120 * USEC_PER_SEC)

/* ---- opening ---- */

static void block_signals(void) {
        sigset_t mask;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGINT);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGHUP);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
}

static void on_lock_wait(const LockHolder *holder, void *userdata) {
        Member *m = userdata;
        _cleanup_free_ char *text = NULL;

        text = holder->pid > 0
                       ? xasprintf("%s: waiting for '%s' (pid %d)", m->name, holder->verb, (int) holder->pid)
                       : xasprintf("%s: waiting for another command", m->name);
        progress_note(m->fleet->progress, text);
}

static int compare_members(const void *a, const void *b) {
        const Member *const *x = a, *const *y = b;

        return strcmp((*x)->name, (*y)->name);
}

/* In the order of names: two commands that take several locks must not wait for each other. */
static int lock_members(Fleet *fleet, Error *reterr) {
        _cleanup_free_ Member **sorted = xnew0(Member *, fleet->n_members);

        for (size_t i = 0; i < fleet->n_members; i++)
                sorted[i] = &fleet->members[i];
        qsort(sorted, fleet->n_members, sizeof(*sorted), compare_members);
        for (size_t i = 0; i < fleet->n_members; i++) {
                int r = lock_acquire(fleet->runtime_fd, sorted[i]->name, fleet->verb, LOCK_TIMEOUT_USEC,
                                     on_lock_wait, sorted[i], &sorted[i]->lock, reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "%s", sorted[i]->name);
        }
        return 0;
}

static int look_at_members(Fleet *fleet, Error *reterr) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                int r = supervisor_query(fleet->session->facts.cgroup_root, m->machine, &m->status, reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

int fleet_open(Fleet *fleet, Session *s, const char *verb, char *const *names, Error *reterr) {
        int r;

        fleet->session = s;
        fleet->verb = verb;
        fleet->progress = progress_new(s->progress, stderr, names);
        r = facts_require(&s->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        block_signals();
        r = sd_event_new(&fleet->event);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");

        fleet->runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, s->id, reterr);
        if (fleet->runtime_fd < 0)
                return fleet->runtime_fd;
        STRV_FOREACH (name, names) {
                Member *m = XGROW(fleet->members, fleet->n_members);

                m->name = xstrdup(*name);
                m->machine = session_machine(s, *name);
                m->lock = LOCK_NULL;
                m->resources = RESOURCES_NULL;
        }
        for (size_t i = 0; i < fleet->n_members; i++)
                fleet->members[i].fleet = fleet;
        r = lock_members(fleet, reterr);
        return r < 0 ? r : look_at_members(fleet, reterr);
}

static int put_away_member(Member *m, Error *reterr) {
        /* How a container that was not touched has ended is still to be shown. */
        if (m->began_usec > 0)
                return fs_remove_tree(m->fleet->runtime_fd, m->name, reterr);
        if (m->resources.runtime_fd >= 0)
                return resources_drop_gate(&m->resources, reterr);
        return 0;
}

int fleet_put_away(Fleet *fleet, Error *reterr) {
        _cleanup_free_ char *bridge = identity_bridge_name(fleet->session->id);
        _cleanup_strv_ char **machines = NULL;

        fleet->network_fd = safe_close(fleet->network_fd);
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                MachineStatus now;
                int r;

                r = supervisor_query(fleet->session->facts.cgroup_root, m->machine, &now, reterr);
                if (r >= 0 && now.running)
                        continue;
                if (r >= 0)
                        r = put_away_member(m, reterr);
                if (r < 0)
                        return r;
                strv_push(&machines, m->machine);
        }
        return network_release(bridge, fleet->runtime_fd, machines, reterr);
}

void fleet_done(Fleet *fleet) {
        if (fleet->runtime_fd >= 0)
                (void) fleet_put_away(fleet, NULL);
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                (void) stop_job_free(m->stop_job);
                (void) ready_job_free(m->ready_job);
                resources_done(&m->resources);
                (void) container_plan_free(m->plan);
                (void) container_state_free(m->state);
                lock_release(&m->lock);
                error_done(&m->error);
                free(m->machine);
                free(m->name);
        }
        free(fleet->members);
        network_done(&fleet->network);
        sd_event_source_disable_unref(fleet->tick);
        (void) sd_event_unref(fleet->event);
        (void) progress_free(fleet->progress);
        (void) safe_close(fleet->network_fd);
        (void) safe_close(fleet->runtime_fd);
        *fleet = FLEET_NULL;
}

/* ---- planning ---- */

static int plan_member(Member *m, Error *reterr) {
        const Session *s = m->fleet->session;
        _cleanup_free_ char *address = network_address(&m->fleet->network, m->name);
        PlanFacts facts = {
                .root = s->root,
                .machine = m->machine,
                .nspawn = s->facts.nspawn,
                .bridge = m->fleet->network.bridge,
                .address = address,
        };
        const ContainerSpec *c = spec_find(s->spec, m->name);
        bool known;
        int r;

        r = container_state_load(m->resources.container_fd, m->name, &s->state.user, &m->state, reterr);
        if (r < 0)
                return r;
        m->plan = plan_container(c, &facts);
        m->stop_timeout_usec = m->plan->stop_timeout_usec;
        if (m->fleet->timeout_usec != UINT64_MAX)
                m->plan->ready_timeout_usec = m->fleet->timeout_usec;
        /* A state of another machine or boot says nothing about what runs. */
        known = m->state && streq(m->state->machine, m->machine) &&
                streq(m->state->boot_id, s->facts.boot_id);
        m->action = plan_decide(m->plan, m->status.running, known ? m->state->definition : NULL, NULL);
        /* It is on its way up or down, and nobody tells: its starter or its supervisor was killed. */
        if (m->action == PLAN_KEEP && (m->status.leader == 0 || m->status.supervisor == 0))
                m->action = PLAN_RESTART;
        return 0;
}

/* The root is a copy: another image does not change it. */
static void note_other_image(const Member *m) {
        _cleanup_free_ char *now = xasprintf("image %s", m->plan->image), *text = NULL;
        const char *before = NULL;
        bool there;

        STRV_FOREACH (line, m->state ? m->state->definition : NULL)
                if (startswith(*line, "image "))
                        before = *line;
        if (!before || streq(before, now) || tree_exists(m->resources.container_fd, &there, NULL) < 0 ||
            !there)
                return;
        text = xasprintf(
                "%s: its root is still a copy of '%s'; to start from the new image, run down and remove "
                "'%s/" STATE_DIR_NAME "/%s/root'",
                m->name, before + strlen("image "), m->fleet->session->root, m->name);
        progress_note(m->fleet->progress, text);
}

int fleet_plan(Fleet *fleet, Error *reterr) {
        Session *s = fleet->session;
        int r;

        r = facts_require(&s->facts, FACTS_NSPAWN | FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        r = state_dir_make(&s->state, reterr);
        if (r < 0)
                return r;
        fleet->network_fd = network_hold(fleet->runtime_fd, reterr);
        if (fleet->network_fd < 0)
                return fleet->network_fd;
        r = network_settle(s, fleet->runtime_fd, fleet->verb, &fleet->network, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                r = resources_open_directories(s, fleet->runtime_fd, m->name, &m->resources, reterr);
                if (r < 0)
                        return r;
                r = plan_member(m, reterr);
                if (r < 0)
                        return r;
                note_other_image(m);
        }
        return 0;
}

void fleet_recall(Member *m) {
        const Session *s = m->fleet->session;
        Error error = ERROR_NULL;
        int r;

        r = state_dir_container_open(&s->state, m->name, &m->resources.container_fd, &error);
        if (r >= 0 && m->resources.container_fd >= 0)
                r = container_state_load(m->resources.container_fd, m->name, &s->state.user, &m->state,
                                         &error);
        if (r < 0) {
                _cleanup_free_ char *text = xasprintf("%s: %s, ignoring", m->name, error.message);

                progress_note(m->fleet->progress, text);
        }
        error_done(&error);
}

/* ---- preparing ---- */

static int prepare_member(Member *m, Error *reterr) {
        const Session *s = m->fleet->session;
        int r;

        if (m->plan->n_ports > 0) {
                r = facts_require(&s->facts, FACTS_PROXYD, reterr);
                if (r < 0)
                        return r;
        }
        r = tree_check(m->resources.container_fd, m->plan->image, m->plan->build, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", m->name);
        r = resources_bind_ports(m->plan, m->state, m->stop, &m->resources, reterr);
        if (r < 0)
                return r;
        r = resources_open_mounts(s, m->fleet->runtime_fd, m->plan, &m->resources, reterr);
        if (r < 0)
                return r;
        m->prepared = true;
        return 0;
}

static int prepare_root(Member *m, Error *reterr) {
        bool there;
        int r;

        r = tree_exists(m->resources.container_fd, &there, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", m->name);
        if (!there)
                progress_update(m->fleet->progress, m->name, "image", m->plan->image);
        return resources_open_root(m->plan, &m->resources, reterr);
}

int fleet_prepare(Fleet *fleet, Error *reterr) {
        int r;

        for (size_t i = 0; i < fleet->n_members; i++)
                if (fleet->members[i].start) {
                        r = prepare_member(&fleet->members[i], reterr);
                        if (r < 0)
                                return r;
                }
        /* Copies may take seconds: after everything that is refused at once. */
        for (size_t i = 0; i < fleet->n_members; i++)
                if (fleet->members[i].start) {
                        r = prepare_root(&fleet->members[i], reterr);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* ---- running ---- */

static void member_start(Member *m);

static void check_over(Fleet *fleet) {
        for (size_t i = 0; i < fleet->n_members; i++)
                if (!fleet->members[i].over)
                        return;
        (void) sd_event_exit(fleet->event, 0);
}

static void member_over(Member *m, const char *phase, const char *detail) {
        m->over = true;
        progress_update(m->fleet->progress, m->name, phase, detail);
        check_over(m->fleet);
}

static int save_state(Member *m, Phase phase, const char *result, Error *reterr) {
        m->state->phase = phase;
        free(m->state->result);
        m->state->result = xstrdup(result);
        return container_state_save(m->resources.container_fd, m->name, &m->fleet->session->state.user,
                                    m->state, reterr);
}

/* What goes wrong while stopping says nothing about how the start went. */
static void member_fail(Member *m, const char *phase) {
        Phase remembered = m->stop && !m->start && m->state ? m->state->phase : PHASE_FAILED;
        _cleanup_free_ char *prefix = xasprintf("%s: ", m->name);
        const char *result = startswith(m->error.message, prefix);

        if (m->state && save_state(m, remembered, result ? result : m->error.message, NULL) < 0)
                progress_note(m->fleet->progress, "the state could not be written, ignoring");
        member_over(m, phase, NULL);
}

static void on_stopped(StopJob *job, int r, StopMeans means, Error *error, void *userdata) {
        Member *m = userdata;
        static const char *const details[] = {
                [STOP_NONE] = "was not running",
                [STOP_HALTED] = NULL,
                [STOP_TERMINATED] = "terminated: it did not shut down in time",
                [STOP_KILLED] = "killed",
        };

        m->means = means;
        if (r < 0) {
                if (!error_is_set(&m->error))
                        error_move(&m->error, error);
                member_fail(m, "failed");
                return;
        }
        if (m->state)
                (void) save_state(m, error_is_set(&m->error) ? PHASE_FAILED : PHASE_STOPPED,
                                  error_is_set(&m->error) ? m->error.message : details[means], NULL);
        if (m->start && m->fleet->interrupts == 0 && !error_is_set(&m->error)) {
                progress_update(m->fleet->progress, m->name, "stopped", details[means]);
                member_start(m);
                return;
        }
        member_over(m, error_is_set(&m->error) ? "failed" : "stopped", details[means]);
}

static void member_stop(Member *m) {
        uint64_t timeout = m->fleet->stop_timeout_usec;
        int r;

        m->ready_job = ready_job_free(m->ready_job);
        m->stop_job = stop_job_free(m->stop_job);
        if (timeout == UINT64_MAX)
                timeout = m->stop_timeout_usec;
        progress_update(m->fleet->progress, m->name, "stopping", NULL);
        r = stop_job_new(m->fleet->event, m->fleet->session->facts.cgroup_root, m->machine, timeout,
                         on_stopped, m, &m->stop_job, &m->error);
        if (r < 0)
                member_fail(m, "failed");
}

static void print_address(FILE *f, const char *separator, const BoundPort *p) {
        bool v6 = strchr(p->address, ':');

        (void) fprintf(f, "%s%s%s%s:%u", separator, v6 ? "[" : "", p->address, v6 ? "]" : "", p->host);
}

static char *ready_detail(const Member *m) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        for (size_t i = 0; f && m->state && i < m->state->n_ports; i++)
                print_address(f, i > 0 ? "  " : "", &m->state->ports[i]);
        if (!f || fclose(f) != 0)
                abort();
        return text;
}

static void on_status(const char *text, void *userdata) {
        Member *m = userdata;

        progress_update(m->fleet->progress, m->name, m->attached ? "waiting" : "booting", text);
}

/* It was found running a moment ago, but was being killed at that moment, or has ended since. */
static bool has_gone(const ReadyResult *result) {
        return result->outcome == READY_ENDED ||
               (result->outcome == READY_ERROR && result->error->exit == FC_EXIT_NOT_RUNNING);
}

static void on_ready(const ReadyResult *result, void *userdata) {
        Member *m = userdata;
        _cleanup_free_ char *detail = NULL;

        if (result->outcome == READY_OK) {
                if (m->state && (!m->attached || m->state->phase != PHASE_READY)) {
                        m->state->ready_usec = realtime_usec();
                        if (save_state(m, PHASE_READY, NULL, &m->error) < 0) {
                                member_over(m, "failed", NULL);
                                return;
                        }
                }
                detail = ready_detail(m);
                member_over(m, m->attached ? "unchanged" : "ready", m->attached ? "already up" : detail);
                return;
        }
        if (m->attached && has_gone(result)) {
                m->attached = false;
                m->stop = m->start = true;
                member_stop(m);
                return;
        }
        failure_explain(m, result, &m->error);
        if (m->fleet->rm_on_failure && !m->attached)
                member_stop(m);
        else
                member_fail(m, "failed");
}

static void member_wait(Member *m, int control_fd) {
        ReadyRequest request = {
                .control_fd = control_fd,
                .leader = m->attached ? m->status.leader : 0,
                .has_init = m->plan->has_init,
                .deadline_usec = now_usec() + m->plan->ready_timeout_usec,
                .connect = manager_open_by_pid,
                .status = on_status,
                .done = on_ready,
                .userdata = m,
        };

        if (ready_job_new(m->fleet->event, &request, &m->ready_job, &m->error) < 0)
                member_fail(m, "failed");
}

/* The intent: whoever comes after a crash finds what was going to be started. */
static int write_intent(Member *m, Error *reterr) {
        const Session *s = m->fleet->session;
        ContainerState *state = container_state_new();

        (void) container_state_free(m->state);
        m->state = state;
        state->machine = xstrdup(m->machine);
        state->boot_id = xstrdup(s->facts.boot_id);
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

static int try_start(Member *m, int *ret_control_fd, Error *reterr) {
        Fleet *fleet = m->fleet;
        int r;

        if (!m->prepared) {
                r = prepare_member(m, reterr);
                if (r >= 0)
                        r = prepare_root(m, reterr);
                if (r < 0)
                        return r;
        }
        r = resources_bind_ports(m->plan, m->state, /* running= */ false, &m->resources, reterr);
        if (r < 0)
                return r;
        r = write_intent(m, reterr);
        if (r < 0)
                return r;
        if (m->plan->bridge) {
                m->resources.bridge_lock = network_lock_path(fleet->session->id);
                m->resources.lock_fd = fleet->network_fd;
                r = network_prepare(&fleet->network, m->machine, reterr);
                if (r < 0)
                        return r;
        }
        return resources_start(fleet->session, m->plan, &m->resources, ret_control_fd, reterr);
}

static void member_start(Member *m) {
        int control_fd = -EBADF;

        progress_update(m->fleet->progress, m->name, "starting", NULL);
        m->began_usec = now_usec();
        if (try_start(m, &control_fd, &m->error) < 0) {
                member_fail(m, "failed");
                return;
        }
        if (m->fleet->no_wait) {
                (void) safe_close(control_fd);
                member_over(m, "starting", "not waited for");
                return;
        }
        member_wait(m, control_fd);
}

static void member_begin(Member *m) {
        m->began_usec = now_usec();
        if (m->stop)
                member_stop(m);
        else if (m->start)
                member_start(m);
        else {
                m->attached = true;
                if (m->fleet->no_wait)
                        member_over(m, "unchanged", "already up");
                else
                        member_wait(m, -EBADF);
        }
}

/* The first: everything that was being started goes down in order. The second: at once. */
static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Fleet *fleet = userdata;

        fleet->interrupts++;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (m->over)
                        continue;
                if (fleet->interrupts > 1 && m->stop_job)
                        stop_job_hurry(m->stop_job);
                if (fleet->interrupts > 1 || (m->stop_job && m->stop))
                        continue;
                if (m->attached)
                        member_over(m, "unchanged", NULL);
                else
                        member_stop(m);
        }
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

        for (size_t i = 0; i < fleet->n_members; i++)
                member_begin(&fleet->members[i]);
        check_over(fleet);
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

int fleet_report(Fleet *fleet) {
        int exit = FC_EXIT_OK;

        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (!error_is_set(&m->error))
                        continue;
                report_error(stderr, &m->error, fleet->session->progress);
                if (exit == FC_EXIT_OK)
                        exit = m->error.exit;
        }
        return exit;
}
