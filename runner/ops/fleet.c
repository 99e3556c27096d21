/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "ops/fleet-events.h"
#include "ops/fleet-member.h"
#include "ops/health.h"
#include "ops/running.h"
#include "plan/definition.h"
#include "record/ephemeral.h"
#include "rootfs/tree.h"
#include "spec/dependency.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

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
                        return error_in_container(reterr, r, sorted[i]->name);
        }
        return 0;
}

static int look_at_members(Fleet *fleet, Error *reterr) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                int r = machine_query(fleet->project->facts.cgroup_root, m->machine, &m->status, reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

int fleet_open(Fleet *fleet, Project *project, const char *verb, char *const *names, Error *reterr) {
        int r;

        fleet->project = project;
        fleet->verb = verb;
        fleet->progress = progress_new(project->progress, stderr, names);
        progress_watch(fleet->progress, fleet_on_progress, fleet);
        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        block_signals();
        if (!fleet->event) {
                r = sd_event_new(&fleet->event);
                if (r < 0)
                        return error_set(reterr, r, "make an event loop");
        }

        fleet->runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (fleet->runtime_fd < 0)
                return fleet->runtime_fd;
        STRV_FOREACH (name, names) {
                Member *m = XGROW(fleet->members, fleet->n_members);

                m->name = xstrdup(*name);
                m->machine = project_machine(project, *name);
                m->lock = LOCK_NULL;
                m->resources = RESOURCES_NULL;
                m->spec = project_container_spec(project, *name);
        }
        for (size_t i = 0; i < fleet->n_members; i++)
                fleet->members[i].fleet = fleet;
        r = lock_members(fleet, reterr);
        return r < 0 ? r : look_at_members(fleet, reterr);
}

static int put_away_member(Member *m, Error *reterr) {
        int r = 0;

        if (m->resources.container_fd >= 0 && !m->elsewhere)
                r = ephemeral_remove(m->resources.container_fd, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->name);
        /* Kept: how a container has ended that this command did not touch, or that ended by itself after
         * its result was written; and that it was stopped, where its state does not say so. */
        if (m->began_usec > 0 && !m->untold && (!m->reached || m->spec->one_shot))
                return fs_remove_tree(m->fleet->runtime_fd, m->name, reterr);
        return 0;
}

int fleet_put_away(Fleet *fleet, Error *reterr) {
        _cleanup_strv_ char **machines = NULL;

        fleet->network_fd = safe_close(fleet->network_fd);
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                MachineStatus now;
                int r;

                r = machine_query(fleet->project->facts.cgroup_root, m->machine, &now, reterr);
                if (r >= 0 && now.running)
                        continue;
                /* What a killed supervisor left, of a container that was not started anew. */
                if (r >= 0 && now.stale)
                        r = machine_kill(fleet->project->facts.cgroup_root, m->machine, reterr);
                if (r >= 0)
                        r = put_away_member(m, reterr);
                if (r < 0)
                        return r;
                strv_push(&machines, m->machine);
        }
        return network_release(fleet->project, fleet->runtime_fd, machines, reterr);
}

void fleet_done(Fleet *fleet) {
        if (fleet->runtime_fd >= 0)
                (void) fleet_put_away(fleet, NULL);
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                (void) stop_job_free(m->stop_job);
                (void) ready_job_free(m->ready_job);
                (void) machine_reporter_free(m->reporter);
                resources_done(&m->resources);
                (void) container_plan_free(m->plan);
                (void) container_state_free(m->state);
                lock_release(&m->lock);
                error_done(&m->error);
                free(m->last_event);
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

/* Its supervisor was killed, so no event tells of its end. */
static void member_note_crash(const Member *m) {
        const Project *project = m->fleet->project;
        _cleanup_(exit_record_done) ExitRecord end = {};

        if (m->status.running || !streq(m->state->machine, m->machine) ||
            (m->state->phase != PHASE_READY && m->state->phase != PHASE_STARTING))
                return;
        end = project_read_end(project, m->name);
        if (end.how == ENDED_UNKNOWN && !project_is_stopping(project, m->name, /* runs= */ false))
                health_note_crash(project, m->name);
}

static int refuse_elsewhere(Member *m, Error *reterr) {
        _cleanup_free_ char *where = NULL;
        int r;

        r = running_find_elsewhere(m->fleet->project, m->name, m->state, &where, reterr);
        if (r < 0 || !where)
                return r;
        m->elsewhere = true;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "it runs already, as %s", where);
        (void) error_in_container(reterr, r, m->name);
        running_add_elsewhere_hint(reterr);
        return r;
}

static int plan_member(Member *m, Error *reterr) {
        const Project *project = m->fleet->project;
        const ContainerSpec *c = spec_find(project->spec, m->name);
        bool known;
        int r;

        r = container_state_load(m->resources.container_fd, m->name, &project->state.user, &m->state,
                                 reterr);
        if (r >= 0)
                r = refuse_elsewhere(m, reterr);
        if (r < 0)
                return r;
        m->plan = network_plan(&m->fleet->network, project, c);
        m->stop_timeout_usec = c->stop_timeout_usec;
        /* A state of another machine or boot says nothing about what runs. */
        known = m->state && streq(m->state->machine, m->machine) &&
                streq(m->state->boot_id, project->facts.boot_id);
        if (known)
                member_note_crash(m);
        m->action = plan_decide(m->plan, m->status.running, known ? m->state->definition : NULL, NULL);
        /* It is on its way up or down, and nobody tells: its starter or its supervisor was killed. */
        if (m->action == PLAN_KEEP && (m->status.leader == 0 || m->status.keeper == 0))
                m->action = PLAN_RESTART;
        if (m->action == PLAN_KEEP && m->status.frozen)
                return machine_raise_frozen(&m->status, project->facts.cgroup_root, m->machine, m->name,
                                            reterr);
        return 0;
}

static int refuse_other_kind(const Member *m, const char *before, Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_CONFLICT,
                            "its root was made for %s '%s', which has other files in it",
                            m->plan->image ? "toplevel" : "image", before);

        error_add_hint(reterr, "to start anew, run down and remove '%s/" STATE_DIR_NAME "/%s/root'",
                       m->fleet->project->root, m->name);
        return error_in_container(reterr, r, m->name);
}

/* The root is a copy: another image does not change it. A system cannot boot from a copy of an image, nor an
 * image from what a system left. */
static int check_root(const Member *m, Error *reterr) {
        char *const *definition = m->state ? m->state->definition : NULL;
        const char *image = definition_get(definition, DEFINITION_IMAGE),
                   *toplevel = definition_get(definition, DEFINITION_TOPLEVEL);
        _cleanup_free_ char *text = NULL;
        bool there;
        int r;

        /* Then the state is about another root than this one. */
        if (m->spec->ephemeral || definition_get(definition, DEFINITION_EPHEMERAL))
                return 0;
        r = tree_exists(m->resources.container_fd, &there, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->name);
        if (!there)
                return 0;
        if (image && m->plan->store)
                return refuse_other_kind(m, image, reterr);
        if (toplevel && m->plan->image)
                return refuse_other_kind(m, toplevel, reterr);
        if (!image || streq(image, m->plan->image))
                return 0;
        text = xasprintf(
                "%s: its root is still a copy of '%s'; to start from the new image, run down and remove "
                "'%s/" STATE_DIR_NAME "/%s/root'",
                m->name, image, m->fleet->project->root, m->name);
        progress_note(m->fleet->progress, text);
        return 0;
}

int fleet_plan(Fleet *fleet, Error *reterr) {
        Project *project = fleet->project;
        int r;

        r = facts_require(&project->facts, FACTS_NSPAWN | FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        r = state_dir_make(&project->state, reterr);
        if (r < 0)
                return r;
        fleet->network_fd = network_hold(fleet->runtime_fd, reterr);
        if (fleet->network_fd < 0)
                return fleet->network_fd;
        r = network_settle(project, fleet->runtime_fd, fleet->verb, &fleet->network, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                r = resources_open_directories(project, fleet->runtime_fd, m->name, &m->resources, reterr);
                if (r >= 0)
                        r = plan_member(m, reterr);
                if (r < 0)
                        return error_about_container(reterr, r, m->name);
                r = check_root(m, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

void fleet_recall(Member *m) {
        const Project *project = m->fleet->project;
        Error error = ERROR_NULL;
        int r;

        r = state_dir_container_open(&project->state, m->name, &m->resources.container_fd, &error);
        if (r >= 0 && m->resources.container_fd >= 0)
                r = container_state_load(m->resources.container_fd, m->name, &project->state.user, &m->state,
                                         &error);
        if (r < 0) {
                _cleanup_free_ char *text = xasprintf("%s: %s, ignoring", m->name, error.message);

                progress_note(m->fleet->progress, text);
                m->untold = true;
        } else if (m->state && streq(m->state->boot_id, project->facts.boot_id))
                member_note_crash(m);
        error_done(&error);
}

/* ---- preparing ---- */

int member_prepare(Member *m, Error *reterr) {
        Project *project = m->fleet->project;
        int r;

        if (m->spec->n_ports > 0) {
                r = facts_require(&project->facts, FACTS_PROXYD, reterr);
                if (r < 0)
                        return r;
        }
        if (m->plan->bridge) {
                r = facts_require(&project->facts, FACTS_MACHINE_ID, reterr);
                if (r < 0)
                        return r;
        }
        r = project->backend->check(project->facts.cgroup_root, m->plan, reterr);
        if (r < 0)
                return r;
        r = project_open_sources(project, reterr);
        if (r >= 0)
                r = resources_open_image(project, m->plan, &m->resources, reterr);
        if (r < 0)
                return r;
        r = resources_bind_ports(m->plan, m->state, m->stop, &m->resources, reterr);
        if (r < 0)
                return r;
        r = resources_open_mounts(project, m->fleet->runtime_fd, m->plan, &m->resources, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (note, m->resources.notes)
                progress_note(m->fleet->progress, *note);
        m->prepared = true;
        return 0;
}

int member_prepare_root(Member *m, Error *reterr) {
        bool there = true;
        int r = 0;

        if (!m->spec->ephemeral)
                r = tree_exists(m->resources.container_fd, &there, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->name);
        if (!there && m->plan->image)
                progress_update(m->fleet->progress, m->name, PHASE_IMAGE, m->plan->image);
        r = resources_open_root(m->fleet->project, m->plan, &m->resources, reterr);
        if (r < 0)
                return r;
        m->has_root = true;
        return 0;
}

/* Written before anything is stopped: a disk that does not take this state will not take that of the new
 * start either. */
static int check_writable(const Member *m, Error *reterr) {
        if (!m->stop || !m->start || !m->state)
                return 0;
        return container_state_save(m->resources.container_fd, m->name, &m->fleet->project->state.user,
                                    m->state, reterr);
}

int fleet_prepare(Fleet *fleet, Error *reterr) {
        int r;

        for (size_t i = 0; i < fleet->n_members; i++)
                if (fleet->members[i].start) {
                        r = member_prepare(&fleet->members[i], reterr);
                        if (r < 0)
                                return error_about_container(reterr, r, fleet->members[i].name);
                }
        /* Copies may take seconds: after everything that is refused at once. */
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                /* A fresh root takes the place of the one that is in use until it has stopped. */
                if (!m->start || (m->stop && m->spec->ephemeral))
                        continue;
                r = member_prepare_root(m, reterr);
                if (r < 0)
                        return error_about_container(reterr, r, m->name);
        }
        for (size_t i = 0; i < fleet->n_members; i++) {
                r = check_writable(&fleet->members[i], reterr);
                if (r < 0)
                        return error_about_container(reterr, r, fleet->members[i].name);
        }
        return 0;
}

/* What others depend on comes after them here, so that it is known whether they need it. A one-shot
 * container runs again whenever it is asked for; for others only when one of them is started. */
static void want_members(Fleet *fleet, bool restart) {
        for (size_t i = fleet->n_members; i-- > 0;) {
                Member *m = &fleet->members[i];
                bool needed = m->asked || !m->spec->one_shot;

                for (size_t j = i + 1; j < fleet->n_members && !needed; j++)
                        needed = fleet->members[j].start && depends_on(fleet->members[j].spec, m->name);
                m->start = needed && (restart || m->action != PLAN_KEEP);
                m->stop = m->start && m->status.running;
                /* One that is not needed and does not run is not waited for either. */
                if (!needed && !m->status.running)
                        m->stage = STAGE_OVER;
        }
}

/* A start makes its network by itself. */
static int mend_network(Fleet *fleet, Error *reterr) {
        bool any = false;

        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];
                bool mended;
                int r;

                if (m->start || !m->status.running || !m->plan->bridge)
                        continue;
                r = network_mend(&fleet->network, m->machine, &mended, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, m->name);
                any = any || mended;
        }
        if (any) {
                _cleanup_free_ char *text = xasprintf("another program had changed the network '%s', mended",
                                                      fleet->network.bridge);

                progress_note(fleet->progress, text);
        }
        return 0;
}

int fleet_bring_up(Fleet *fleet, Project *project, const char *verb, char *const *names, char *const *asked,
                   bool restart, Error *reterr) {
        int r;

        r = fleet_open(fleet, project, verb, names, reterr);
        if (r >= 0)
                r = fleet_plan(fleet, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet->n_members; i++)
                fleet->members[i].asked = strv_contains(asked, fleet->members[i].name);
        want_members(fleet, restart);
        r = fleet_prepare(fleet, reterr);
        if (r >= 0)
                r = mend_network(fleet, reterr);
        return r < 0 ? r : fleet_run(fleet, reterr);
}

int fleet_take_down(Fleet *fleet, Project *project, const char *verb, char *const *names, Error *reterr) {
        int r, exit;

        r = fleet_open(fleet, project, verb, names, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                m->stop = true;
                m->stop_timeout_usec = m->spec ? m->spec->stop_timeout_usec : SPEC_STOP_TIMEOUT_USEC;
                fleet_recall(m);
                r = refuse_elsewhere(m, reterr);
                if (r < 0)
                        return r;
        }
        exit = fleet_run(fleet, reterr);
        if (exit < 0)
                return exit;
        r = fleet_put_away(fleet, reterr);
        return r < 0 ? r : exit;
}

/* ---- reporting ---- */

int fleet_report(Fleet *fleet) {
        int exit = FC_EXIT_OK;

        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (!error_is_set(&m->error))
                        continue;
                (void) error_about_container(&m->error, 0, m->name);
                report_error(stderr, &m->error, fleet->project->progress);
                if (exit == FC_EXIT_OK)
                        exit = m->error.exit;
        }
        return exit;
}
