/* SPDX-License-Identifier: MIT */

/* The second half of fleet.h: what happens from the first stop or start on, driven by events. */

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "cli/failure.h"
#include "cli/fleet-events.h"
#include "cli/fleet-member.h"
#include "enter/manager.h"
#include "project/gc-root.h"
#include "report/format.h"
#include "spec/path.h"

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
        if (m->status.running || m->start)
                progress_update(m->fleet->progress, m->name, "stopping", NULL);
        r = stop_job_new(m->fleet->event, m->fleet->session->facts.cgroup_root, m->machine, timeout,
                         on_stopped, m, &m->stop_job, &m->error);
        if (r < 0)
                member_fail(m, "failed");
}

static char *ready_detail(const Member *m) {
        _cleanup_strv_ char **addresses = NULL;

        for (size_t i = 0; m->state && i < m->state->n_ports; i++)
                strv_push_take(&addresses, bound_port_address(&m->state->ports[i]));
        return strv_join(addresses, "  ");
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
        if (result->outcome == READY_DEGRADED)
                fleet_add_event(m->fleet, m->name, "degraded", m->error.message);
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

/* The specification, too: it names what the toplevel does not lead to, like the program of a command.
 * Whoever cannot be kept from collecting garbage is no reason not to start. */
static void protect_from_gc(Member *m) {
        const Session *s = m->fleet->session;
        const ContainerPlan *p = m->plan;
        _cleanup_free_ char *path = xasprintf("%s/" STATE_DIR_NAME "/%s", s->root, m->name),
                            *spec = p->toplevel ? realpath(s->spec_path, NULL) : NULL;
        bool in_store = spec && path_is_within(spec, p->store);
        Error error = ERROR_NULL;
        int r;

        r = gc_root_set(m->resources.container_fd, path, &s->state.user, "system", p->toplevel, p->store,
                        &error);
        if (r >= 0)
                r = gc_root_set(m->resources.container_fd, path, &s->state.user, "spec",
                                in_store ? spec : NULL, p->store, &error);
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
                m->resources.bridge_lock = network_lock_path(fleet->session->id);
                m->resources.lock_fd = fleet->network_fd;
                r = network_prepare(&fleet->network, m->machine, reterr);
                if (r < 0)
                        return r;
        }
        return resources_start(fleet->session, fleet->event, m->plan, &m->resources, ret_control_fd, reterr);
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
