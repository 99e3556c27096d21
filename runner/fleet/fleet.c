/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "context/locks.h"
#include "fleet/fleet-events.h"
#include "fleet/fleet-prepare.h"
#include "fleet/fleet-run.h"
#include "fleet/fleet-say.h"
#include "fleet/fleet-seed.h"
#include "fleet/fleet-switch.h"
#include "record/ephemeral.h"
#include "record/state-place.h"
#include "running/freeze.h"
#include "running/running.h"
#include "state/runtime-dir.h"
#include "storage/removal.h"
#include "storage/snapshot.h"

/* ---- making and freeing ---- */

Fleet *fleet_new(const FleetOptions *options, Project *project) {
        Fleet *fleet = xmalloc0(sizeof(*fleet));

        *fleet = (Fleet){
                .options = *options,
                .project = project,
                .began_usec = now_usec(),
                .runtime_fd = -EBADF,
                .network_fd = -EBADF,
                .interrupts = options->interrupted ? 1 : 0,
        };
        process_block_interrupts(NULL);
        return fleet;
}

static void member_done(Member *m) {
        (void) stop_job_free(m->stop_job);
        (void) ready_job_free(m->ready_job);
        member_seed_done(m);
        member_switch_done(m);
        (void) machine_reporter_free(m->reporter);
        resources_done(&m->resources);
        (void) container_plan_free(m->plan);
        (void) container_state_free(m->state);
        free(m->definer);
        free(m->rung);
        free(m->last_event);
}

Fleet *fleet_free(Fleet *fleet) {
        if (!fleet)
                return NULL;
        for (size_t i = 0; i < fleet->n_members; i++)
                member_done(&fleet->members[i]);
        free(fleet->members);
        fleet->heed_source = sd_event_source_disable_unref(fleet->heed_source);
        fleet->locks = locks_free(fleet->locks, fleet->watch.n);
        network_done(&fleet->network);
        error_done(&fleet->change_error);
        sd_event_source_disable_unref(fleet->tick);
        machine_watch_done(&fleet->watch);
        (void) progress_free(fleet->progress);
        (void) safe_close(fleet->network_fd);
        (void) safe_close(fleet->runtime_fd);
        free(fleet);
        return NULL;
}

/* ---- opening and putting away ---- */

/* What acts at the end of a unit finds the container's directory by its path. */
static int fleet_follow(Fleet *fleet, Error *reterr) {
        const Project *project = fleet->project;
        int r = 0;

        if (!project->started_root || streq(project->started_root, project->root))
                return 0;
        for (size_t i = 0; r >= 0 && i < fleet->n_members; i++) {
                const char *name = fleet->watch.entries[i].name;
                _cleanup_close_ int container_fd = -EBADF, runtime_fd = -EBADF;

                r = state_dir_container_open(&project->state, name, &container_fd, reterr);
                if (r >= 0)
                        r = runtime_dir_container_open(fleet->runtime_fd, name, &runtime_fd, reterr);
                if (r >= 0 && container_fd >= 0 && runtime_fd >= 0)
                        r = state_place_follow(runtime_fd, container_fd, reterr);
        }
        return r;
}

static int fleet_open(Fleet *fleet, char *const *names, LockAsk ask, Error *reterr) {
        Project *project = fleet->project;
        int r;

        fleet->progress = progress_new(project->progress, stderr, names);
        progress_watch(fleet->progress, fleet_on_progress, fleet);
        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        r = machine_watch_open(&fleet->watch, project, fleet->options.event, names, reterr);
        if (r < 0)
                return r;
        fleet->members = xnew0(Member, fleet->watch.n);
        fleet->n_members = fleet->watch.n;
        for (size_t i = 0; i < fleet->n_members; i++) {
                fleet->members[i] = (Member){
                        .fleet = fleet,
                        .at = &fleet->watch.entries[i],
                        .resources = RESOURCES_NULL,
                };
                fleet->watch.entries[i].part = &fleet->members[i];
        }
        fleet->runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (fleet->runtime_fd < 0)
                return fleet->runtime_fd;
        r = locks_take(
                &(LocksRequest){
                        .runtime_fd = fleet->runtime_fd,
                        .verb = fleet->options.verb,
                        .names = names,
                        .progress = fleet->progress,
                        .ask = ask,
                        .heed = fleet->heed,
                },
                &fleet->locks, reterr);
        if (r >= 0)
                r = fleet_follow(fleet, reterr);
        if (r >= 0)
                r = machine_watch_look(&fleet->watch, reterr);
        for (size_t i = 0; r >= 0 && i < fleet->n_members; i++)
                r = freeze_recover(project, fleet->members[i].at->name, &fleet->members[i].at->status,
                                   fleet->runtime_fd, reterr);
        return r;
}

/* For a container that does not run. */
static int member_put_away(const Member *m, Error *reterr) {
        _cleanup_free_ char *elsewhere = NULL;
        int r;

        r = running_find_elsewhere(m->fleet->project, m->at->name, m->state, &elsewhere, reterr);
        if (r >= 0 && m->resources.container_fd >= 0 && !elsewhere)
                r = ephemeral_remove(m->resources.container_fd, reterr);
        if (r >= 0 && m->resources.runtime_fd >= 0)
                r = fs_remove_tree(m->resources.runtime_fd, RUNTIME_DIR_SOCKETS, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        /* Kept: how a container has ended that this command did not touch, or that ended by itself after
         * its result was written; and that it was stopped, where its state does not say so. */
        if (m->began_usec > 0 && !m->untold && (m->reached != REACHED_READY || m->at->spec->one_shot))
                return fs_remove_tree(m->fleet->runtime_fd, m->at->name, reterr);
        return 0;
}

/* Removes what the members that do not run any more, or were never started, have left, and the network when
 * no container needs it. */
static int fleet_put_away(Fleet *fleet, Error *reterr) {
        _cleanup_strv_ char **machines = NULL;
        int r;

        fleet->network_fd = safe_close(fleet->network_fd);
        /* Without the locks another command is at work. */
        for (size_t i = 0; fleet->locks && i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];
                bool running = false, stale = false;

                r = machine_look(fleet->project->facts.cgroup_root, m->at->machine, &running, &stale,
                                 reterr);
                if (m->given_up || running)
                        continue;
                /* What a killed supervisor left, of a container that was not started anew. */
                if (r >= 0 && stale)
                        r = machine_kill(fleet->project->facts.cgroup_root, m->at->machine, reterr);
                if (r >= 0)
                        r = member_put_away(m, reterr);
                if (r < 0)
                        return r;
                strv_push(&machines, m->at->machine);
        }
        r = network_release(fleet->project->facts.cgroup_root, fleet->project->id, fleet->runtime_fd,
                            machines, /* ret_removed= */ NULL, reterr);
        /* Old trees of a restore, and what a command that was killed has left. After `down` no process is at
         * it any more. */
        return r < 0 ? r : removal_finish(fleet->project, fleet->takes_down, reterr);
}

/* Ends what fleet_open() began. @r: how the command went; what goes wrong here is its error only when it
 * went well, and is noted otherwise. */
static int fleet_close(Fleet *fleet, int r, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *message = NULL, *text = NULL;
        int k = fleet->runtime_fd >= 0 ? fleet_put_away(fleet, &error) : 0;

        if (k >= 0)
                return r;
        if (r == FC_EXIT_OK) {
                error_move(reterr, &error);
                return k;
        }
        message = error_text(&error);
        text = xasprintf("%s, ignoring", message);
        progress_note(fleet->progress, text);
        return r;
}

/* ---- the two ways ---- */

static int fleet_try_up(Fleet *fleet, char *const *names, char *const *asked, bool restart, Error *reterr) {
        int r;

        /* What is to be stopped is given up in any case, what is to be started anew only by `up`: of several
         * restarts each comes to its end. */
        fleet->heed = restart ? LOCK_ASK_STOP : LOCK_ASK_RESTART;
        r = fleet_open(fleet, names, restart ? LOCK_ASK_RESTART : LOCK_ASK_NOTHING, reterr);
        if (r >= 0)
                r = snapshot_settle(fleet->project, fleet->runtime_fd, fleet->progress, reterr);
        if (r >= 0)
                r = fleet_plan(fleet, asked, restart, reterr);
        if (r >= 0) {
                fleet_say_plan(fleet);
                r = fleet_prepare(fleet, reterr);
        }
        if (r < 0)
                return locks_explain_interrupt(fleet->heed, fleet->locks, names, r, reterr);
        r = fleet_run(fleet, reterr);
        if (r >= 0)
                fleet_say_outcome(fleet);
        return r;
}

int fleet_bring_up(Fleet *fleet, char *const *names, char *const *asked, bool restart, Error *reterr) {
        int r = fleet_try_up(fleet, names, asked, restart, reterr);

        return fleet_close(fleet, r, reterr);
}

static int fleet_try_change(Fleet *fleet, char *const *names, Error *reterr) {
        int r;

        /* A reset is a restart; a restore comes to its end first. */
        if (fleet->change->resets)
                fleet->heed = LOCK_ASK_STOP;
        r = fleet_open(fleet, names, fleet->change->resets ? LOCK_ASK_RESTART : LOCK_ASK_NOTHING, reterr);
        if (r >= 0)
                r = snapshot_settle(fleet->project, fleet->runtime_fd, fleet->progress, reterr);
        if (r >= 0)
                r = fleet_plan_change(fleet, reterr);
        if (r >= 0)
                r = fleet_prepare(fleet, reterr);
        if (r >= 0 && fleet->change->prepare)
                r = fleet->change->prepare(fleet->change->userdata, fleet->runtime_fd, fleet->progress,
                                           reterr);
        if (r < 0)
                return locks_explain_interrupt(fleet->heed, fleet->locks, names, r, reterr);
        return fleet_run(fleet, reterr);
}

int fleet_change(Fleet *fleet, char *const *names, const FleetChange *change, Error *reterr) {
        int r;

        fleet->change = change;
        r = fleet_try_change(fleet, names, reterr);
        return fleet_close(fleet, r, reterr);
}

static int fleet_try_down(Fleet *fleet, char *const *names, Error *reterr) {
        int r;

        r = fleet_open(fleet, names, LOCK_ASK_STOP, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                m->goal = GOAL_STOP;
                m->stop_timeout_usec = m->at->spec ? m->at->spec->stop_timeout_usec : SPEC_STOP_TIMEOUT_USEC;
                r = member_recall(m, reterr);
                if (r < 0)
                        return r;
        }
        return fleet_run(fleet, reterr);
}

int fleet_take_down(Fleet *fleet, char *const *names, Error *reterr) {
        int r;

        fleet->takes_down = true;
        r = fleet_try_down(fleet, names, reterr);
        return fleet_close(fleet, r, reterr);
}

/* ---- what others ask ---- */

char **fleet_made_ready(const Fleet *fleet) {
        char **names = NULL;

        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];

                if (goal_starts(m->goal) && m->stage == STAGE_OVER && m->reached == REACHED_READY &&
                    !m->given_up)
                        strv_push(&names, m->at->name);
        }
        return names;
}

bool fleet_has_begun(const Fleet *fleet, const char *container, uint64_t *ret) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];

                if (!streq(m->at->name, container) || !goal_starts(m->goal) || m->began_usec == 0 ||
                    m->given_up || !m->state)
                        continue;
                *ret = m->state->started_usec;
                return true;
        }
        return false;
}

int fleet_report(Fleet *fleet) {
        return machine_watch_report(&fleet->watch);
}

bool fleet_was_hurried(const Fleet *fleet) {
        return fleet->interrupts > 1;
}

bool fleet_console_start(const Fleet *fleet, const char *container, uint64_t *ret) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];

                if (!streq(m->at->name, container) || m->resources.console_fd < 0)
                        continue;
                *ret = m->resources.console_start;
                return true;
        }
        return false;
}
