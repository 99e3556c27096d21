/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "context/shared-use.h"
#include "drift/image-drift.h"
#include "drift/in-place-check.h"
#include "drift/volume-drift.h"
#include "fleet/fleet-adjust.h"
#include "fleet/fleet-events.h"
#include "fleet/fleet-network.h"
#include "fleet/fleet-prepare.h"
#include "fleet/fleet-record.h"
#include "fleet/fleet-seed.h"
#include "plan/definition.h"
#include "plan/made-image.h"
#include "plan/without-root.h"
#include "rootfs/tree.h"
#include "running/health.h"
#include "running/run-records.h"
#include "running/running.h"
#include "spec/path.h"
#include "state/disk-use.h"
#include "state/runtime-dir.h"

static bool member_resets(const Member *m) {
        return m->fleet->change && strv_contains(m->fleet->change->resets, m->at->name);
}

/* ---- planning ---- */

/* What cannot be read says nothing about it. */
static void member_note_end(const Member *m) {
        const Project *project = m->fleet->project;
        _cleanup_(run_records_done) RunRecords records = {};

        if (!m->at->status.running && run_records_read(project, m->at->name, &records, NULL) >= 0)
                health_note_end(project, m->at->name, m->state, &records);
}

static int member_refuse_other_kind(const Member *m, const char *before, Error *reterr) {
        _cleanup_free_ char *reset = project_command(m->fleet->project, "reset", m->at->name);
        int r = error_raise(reterr, FC_EXIT_CONFLICT,
                            "its root was made for %s '%s', which has other files in it",
                            m->plan->image ? "toplevel" : "image", before);

        error_add_hint(reterr, "start with a fresh root: %s", reset);
        return error_in_container(reterr, r, m->at->name);
}

/* The root is a copy: another image does not change it. A system cannot boot from a copy of an image, nor an
 * image from what a system left. */
static int member_check_root(const Member *m, Error *reterr) {
        char *const *definition = m->state ? m->state->definition : NULL;
        const char *image = definition_get(definition, DEFINITION_IMAGE),
                   *toplevel = definition_get(definition, DEFINITION_TOPLEVEL);
        _cleanup_free_ char *text = NULL, *reset = NULL;
        bool there;
        int r;

        /* Then the state is about another root than this one. */
        if (m->at->spec->ephemeral || definition_get(definition, DEFINITION_EPHEMERAL))
                return 0;
        r = tree_exists(m->resources.container_fd, &there, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        if (!there)
                return 0;
        if (image && m->plan->store)
                return member_refuse_other_kind(m, image, reterr);
        if (toplevel && m->plan->image)
                return member_refuse_other_kind(m, toplevel, reterr);
        if (!image)
                return 0;
        reset = project_command(m->fleet->project, "reset", m->at->name);
        if (!streq_ptr(image, definition_get(m->plan->definition, DEFINITION_IMAGE)) &&
            made_image_word(m->at->spec))
                text = xasprintf(
                        "%s: its root was made of another '%s', or of another image; to start from what is "
                        "specified now: %s",
                        m->at->name, made_image_word(m->at->spec), reset);
        else if (!streq_ptr(image, definition_get(m->plan->definition, DEFINITION_IMAGE)))
                text = xasprintf("%s: its root is still a copy of '%s'; to start from the new image: %s",
                                 m->at->name, image, reset);
        else if (image_drift_is_there(m->fleet->project, m->plan, m->resources.container_fd))
                text = xasprintf("%s: its image has changed since its root was copied; to start from what "
                                 "it is now: %s",
                                 m->at->name, reset);
        else
                return 0;
        progress_note(m->fleet->progress, text);
        return 0;
}

/* What cannot be looked at is not another image, for a container that has a root. */
static int member_keep_image(const Member *m, Error *reterr) {
        const OciSpec *oci = m->at->spec->oci;
        const char *image = m->state ? definition_get(m->state->definition, DEFINITION_IMAGE) : NULL;
        _cleanup_free_ char *cache = image ? made_image_cache(image) : NULL;
        bool there = false;
        int r;

        if (!oci || oci->input || m->at->spec->ephemeral || !cache)
                return 0;
        r = tree_exists(m->resources.container_fd, &there, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        if (there)
                definition_set_image(m->plan->definition, image);
        return 0;
}

static int member_plan(Member *m, Error *reterr) {
        const Project *project = m->fleet->project;
        int r;

        r = resources_open_directories(project, m->fleet->runtime_fd, m->at->name, &m->resources, reterr);
        if (r < 0)
                return r;
        r = container_state_load(m->resources.container_fd, m->at->name, &project->state.user, &m->state,
                                 reterr);
        if (r < 0)
                return r;
        r = running_refuse_elsewhere(m->fleet->project, m->at->name, m->state, reterr);
        if (r < 0)
                return r;
        r = shared_find_definer(project, m->at->name, &m->definer, reterr);
        if (r < 0)
                return r;
        m->plan = network_plan(&m->fleet->network, project, m->at->spec);
        m->stop_timeout_usec = m->at->spec->stop_timeout_usec;
        member_note_end(m);
        r = m->at->status.running ? run_records_is_stopping(project, m->at->name, &m->stopping, reterr) : 0;
        if (r >= 0)
                r = member_keep_image(m, reterr);
        if (r >= 0 && !member_resets(m))
                r = member_check_root(m, reterr);
        return r < 0 ? r : member_look_at_seed(m, reterr);
}

static void member_tell_held(const Member *m) {
        _cleanup_free_ char *command = project_command(m->fleet->project, "restart", m->at->name),
                            *text = NULL;

        text = xasprintf(
                "%s: it is shared, and goes on as '%s' defines it, which is not as here; to run it as "
                "here: %s",
                m->at->name, m->definer, command);
        progress_note(m->fleet->progress, text);
}

static int fleet_decide(Fleet *fleet, char *const *asked, bool restart, Error *reterr) {
        const DecideHow how = {.restart = restart,
                               .restart_changed = fleet->options.restart_changed,
                               .update_only = fleet->options.update_only};
        Project *project = fleet->project;
        _cleanup_free_ Decision *decisions = xnew0(Decision, fleet->n_members);
        int r = 0;

        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                decisions[i] = (Decision){
                        .spec = m->at->spec,
                        .plan = m->plan,
                        .state = m->state,
                        .status = &m->at->status,
                        .asked = strv_contains(asked, m->at->name),
                        .replaced = volume_drift_find(project, m->plan, m->state, &m->at->status),
                        .not_in_place = in_place_find_obstacle(project, m->plan, m->state, &m->at->status),
                        .foreign = m->definer,
                        .stopping = m->stopping,
                        .begins_again = seed_outlook_discards(&m->seed),
                        .no_wait = fleet->options.no_wait,
                };
        }
        decide_all(decisions, fleet->n_members, project->facts.boot_id, &how);
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                m->goal = decisions[i].goal;
                if (decisions[i].held)
                        member_tell_held(m);
                if (r >= 0 && (decisions[i].kept || goal_changes(m->goal)) && m->at->status.frozen)
                        r = running_raise_paused(project, m->at->name, reterr);
        }
        decisions_done(decisions, fleet->n_members);
        for (size_t i = 0; r >= 0 && i < fleet->n_members; i++)
                member_settle_seed(&fleet->members[i]);
        return r;
}

static void fleet_note_disk(Fleet *fleet) {
        _cleanup_free_ char *text = disk_describe_full(fleet->project->state.fd);

        if (text)
                progress_note(fleet->progress, text);
}

/* Before the project gets an id: by that, what runs under another one could no longer be stopped. */
static int refuse_other_id(const Project *project, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r;

        if (project->started_root)
                return 0;
        r = project_known_names(project, &names, reterr);
        STRV_FOREACH (name, names) {
                _cleanup_(container_state_freep) ContainerState *state = NULL;

                if (r >= 0)
                        r = project_load_state(project, *name, &state, reterr);
                if (r >= 0)
                        r = running_refuse_elsewhere(project, *name, state, reterr);
        }
        return r;
}

int fleet_plan(Fleet *fleet, char *const *asked, bool restart, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        Project *project = fleet->project;
        int r;

        for (size_t i = 0; i < fleet->n_members; i++)
                strv_push(&names, fleet->members[i].at->name);
        r = facts_require(&project->facts, FACTS_NSPAWN | FACTS_CGROUP, reterr);
        if (r >= 0 && project->facts.rootless)
                r = without_root_check(project->spec, names, reterr);
        if (r >= 0)
                r = refuse_other_id(project, reterr);
        if (r >= 0)
                r = state_dir_make(&project->state, reterr);
        if (r < 0)
                return r;
        fleet_note_disk(fleet);
        r = fleet_settle_network(fleet, asked, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (fleet->change && m->goal == GOAL_LEAVE)
                        continue;
                r = member_plan(m, reterr);
                if (r < 0)
                        return error_about_container(reterr, r, m->at->name);
        }
        r = fleet->change ? 0 : fleet_decide(fleet, asked, restart, reterr);
        return r < 0 ? r : fleet_settle_starts(fleet, asked, reterr);
}

/* What is stopped only to be changed is started again as it is specified now. */
static int member_refuse_unspecified(const Member *m, Error *reterr) {
        const Spec *spec = m->fleet->project->spec;
        int r;

        for (size_t i = 0; spec && i < spec->n_containers; i++)
                if (&spec->containers[i] == m->at->spec)
                        return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "it runs, and no specification says how to start it again");
        error_add_hint(reterr, "stop it first: flake-containers down %s", m->at->name);
        return error_in_container(reterr, r, m->at->name);
}

int fleet_plan_change(Fleet *fleet, Error *reterr) {
        bool any = false;
        int r;

        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                m->goal = m->at->status.running ? GOAL_RESTART : member_resets(m) ? GOAL_START : GOAL_LEAVE;
                any = any || goal_starts(m->goal);
                r = goal_starts(m->goal) ? member_refuse_unspecified(m, reterr) : member_recall(m, reterr);
                if (r < 0)
                        return r;
        }
        return any ? fleet_plan(fleet, /* asked= */ NULL, /* restart= */ true, reterr) : 0;
}

int member_recall(Member *m, Error *reterr) {
        const Project *project = m->fleet->project;
        Error error = ERROR_NULL;
        int r;

        r = state_dir_container_open(&project->state, m->at->name, &m->resources.container_fd, &error);
        if (r >= 0 && m->resources.container_fd >= 0)
                r = container_state_load(m->resources.container_fd, m->at->name, &project->state.user,
                                         &m->state, &error);
        if (r < 0) {
                _cleanup_free_ char *text = xasprintf("%s: %s, ignoring", m->at->name, error.message);

                progress_note(m->fleet->progress, text);
                m->untold = true;
        } else
                member_note_end(m);
        error_done(&error);
        return running_refuse_elsewhere(m->fleet->project, m->at->name, m->state, reterr);
}

/* ---- preparing ---- */

static void member_tell_notes(Member *m) {
        STRV_FOREACH (note, m->resources.notes)
                progress_note(m->fleet->progress, *note);
        m->resources.notes = strv_free(m->resources.notes);
}

static int member_prepare_image(Member *m, Error *reterr) {
        Project *project = m->fleet->project;
        int r;

        if (m->plan->bridge || network_mode_is_attached(m->plan->spec->network)) {
                r = facts_require(&project->facts, FACTS_MACHINE_ID, reterr);
                if (r < 0)
                        return r;
        }
        if (m->plan->spec->internet) {
                r = facts_require(&project->facts, FACTS_INTERNET, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, m->plan->spec->name);
        }
        r = network_check_host(m->plan->spec, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->plan->spec->name);
        r = project->backend->check(project->facts.cgroup_root, m->plan, reterr);
        if (r < 0)
                return r;
        r = resources_check_sockets(project, m->plan, reterr);
        if (r >= 0)
                r = project_open_sources(project, reterr);
        return r < 0 ? r : resources_open_image(project, m->plan, m->fleet->progress, &m->resources, reterr);
}

/* @stops: what it has already is bound when it has stopped. */
static int member_bind_ports(Member *m, bool stops, Error *reterr) {
        _cleanup_(port_conflicts_done) PortConflicts conflicts = PORT_CONFLICTS_NULL;
        int r = resources_bind_ports(m->plan, m->state, stops, &m->resources, &conflicts, reterr);

        return r < 0 ? r : port_conflicts_raise(&conflicts, reterr);
}

static int member_prepare_mounts(Member *m, Error *reterr) {
        int r;

        r = resources_open_console(m->fleet->project, m->plan, &m->resources, reterr);
        if (r >= 0)
                r = resources_open_mounts(m->fleet->project, m->fleet->runtime_fd, m->plan, &m->resources,
                                          reterr);
        if (r < 0)
                return r;
        member_tell_notes(m);
        m->prepared = PREPARED_RESOURCES;
        /* This was to find out what is refused: what is mounted is going to be other directories. */
        if (m->fleet->change) {
                resources_close_mounts(&m->resources);
                m->prepared = PREPARED_NOTHING;
        }
        return 0;
}

/* What has been copied has taken so long, and now others are. */
static void member_pause_timings(const Member *m) {
        if (m->fleet->options.timings)
                timings_pause(m->fleet->options.timings, m->at->name, now_usec());
}

static int member_prepare_root(Member *m, Error *reterr) {
        bool there = true;
        int r = member_discard_seed(m, reterr);

        if (r >= 0 && !m->at->spec->ephemeral)
                r = tree_exists(m->resources.container_fd, &there, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        if (!there && m->plan->image) {
                _cleanup_free_ char *shown = path_normalise(m->plan->image);

                progress_update(m->fleet->progress, m->at->name, PHASE_IMAGE, shown);
        }
        m->old_root = there && !m->at->spec->ephemeral;
        r = resources_open_root(m->fleet->project, m->plan, m->fleet->progress, &m->resources, reterr);
        if (r < 0)
                return r;
        member_pause_timings(m);
        member_tell_notes(m);
        m->prepared = PREPARED_ROOT;
        return 0;
}

/* After the root, unless that is going to be a fresh one. */
static int member_prepare_covers(Member *m, Error *reterr) {
        _cleanup_free_ char *fresh = NULL;
        int r;

        r = resources_find_fresh(m->fleet->project, m->plan, &fresh, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        if (fresh)
                progress_update(m->fleet->progress, m->at->name, PHASE_VOLUME, fresh);
        r = member_note_fresh(m, reterr);
        if (r >= 0)
                r = resources_open_covers(m->fleet->project, m->fleet->runtime_fd, m->plan, &m->resources,
                                          reterr);
        if (r < 0)
                return r;
        member_pause_timings(m);
        member_tell_notes(m);
        m->covers_prepared = true;
        return 0;
}

/* Written before anything is stopped: a disk that does not take this state will not take that of the new
 * start either, unless a reset makes room. A switch stops nothing, and writes it before all else. */
static int member_check_writable(const Member *m, Error *reterr) {
        if ((m->goal != GOAL_RESTART && m->goal != GOAL_ADJUST) || !m->state || member_resets(m))
                return 0;
        return container_state_save(m->resources.container_fd, m->at->name, &m->fleet->project->state.user,
                                    m->state, reterr);
}

static int fleet_prepare_each(Fleet *fleet, int (*prepare)(Member *m, Error *reterr), Error *reterr) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                int r = goal_starts(m->goal) ? prepare(m, reterr) : 0;

                if (r < 0)
                        return error_about_container(reterr, r, m->at->name);
        }
        return 0;
}

/* Also of those that run, and have not been seeded yet. */
static int fleet_prepare_seeds(Fleet *fleet, Error *reterr) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                int r = fleet->members[i].goal == GOAL_LEAVE
                                ? 0
                                : member_prepare_seed(&fleet->members[i], reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* All that are taken are told at once. */
static int fleet_bind_ports(Fleet *fleet, Error *reterr) {
        _cleanup_(port_conflicts_done) PortConflicts conflicts = PORT_CONFLICTS_NULL;

        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];
                int r = 0;

                if (goal_starts(m->goal))
                        r = resources_bind_ports(m->plan, m->state, goal_stops(m->goal), &m->resources,
                                                 &conflicts, reterr);
                else if (goal_changes(m->goal))
                        r = member_prepare_adjust(m, &conflicts, reterr);
                if (r < 0)
                        return r;
        }
        return port_conflicts_raise(&conflicts, reterr);
}

int fleet_prepare(Fleet *fleet, Error *reterr) {
        int r;

        r = fleet_prepare_seeds(fleet, reterr);
        if (r >= 0)
                r = fleet_prepare_each(fleet, member_prepare_image, reterr);
        if (r >= 0)
                r = fleet_bind_ports(fleet, reterr);
        if (r >= 0)
                r = fleet_prepare_each(fleet, member_prepare_mounts, reterr);
        if (r < 0)
                return r;
        /* Copies may take seconds: after everything that is refused at once. */
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (!goal_starts(m->goal) || fleet->change ||
                    (goal_stops(m->goal) && seed_outlook_discards(&m->seed)))
                        continue;
                /* A fresh root takes the place of the one that is in use until it has stopped. */
                r = goal_stops(m->goal) && m->at->spec->ephemeral ? 0 : member_prepare_root(m, reterr);
                if (r >= 0)
                        r = member_prepare_covers(m, reterr);
                if (r < 0)
                        return error_about_container(reterr, r, m->at->name);
        }
        for (size_t i = 0; i < fleet->n_members; i++) {
                r = member_check_writable(&fleet->members[i], reterr);
                if (r < 0)
                        return error_about_container(reterr, r, fleet->members[i].at->name);
        }
        return fleet_mend_network(fleet, reterr);
}

/* ---- starting ---- */

int member_try_start(Member *m, int *ret_control_fd, Error *reterr) {
        Fleet *fleet = m->fleet;
        int r;

        if (m->prepared < PREPARED_RESOURCES) {
                /* A reset has removed what it had in /run. */
                r = resources_open_directories(fleet->project, fleet->runtime_fd, m->at->name, &m->resources,
                                               reterr);
                if (r >= 0)
                        r = member_prepare_image(m, reterr);
                if (r >= 0)
                        r = member_bind_ports(m, goal_stops(m->goal), reterr);
                if (r >= 0)
                        r = member_prepare_mounts(m, reterr);
                if (r < 0)
                        return r;
        }
        if (m->prepared < PREPARED_ROOT) {
                r = member_prepare_root(m, reterr);
                if (r < 0)
                        return r;
        }
        if (!m->covers_prepared) {
                r = member_prepare_covers(m, reterr);
                if (r < 0)
                        return r;
        }
        r = resources_lay_overlays(fleet->project, m->plan, &m->resources, reterr);
        if (r >= 0)
                r = resources_open_masked(fleet->project, m->plan, &m->resources, reterr);
        if (r >= 0)
                r = member_bind_ports(m, /* stops= */ false, reterr);
        if (r >= 0)
                r = resources_open_sockets(fleet->project, m->plan, &m->resources, reterr);
        if (r < 0)
                return r;
        r = member_write_intent(m, reterr);
        if (r < 0)
                return r;
        fleet_note_starting(m);
        member_protect_from_gc(m);
        if (m->plan->bridge) {
                m->resources.bridge_lock = network_lock_path(fleet->project->id);
                m->resources.lock_fd = fleet->network_fd;
        }
        if (m->plan->address)
                r = network_prepare(&fleet->network, m->plan->spec, fleet->project->backend, reterr);
        else if (m->plan->spec->network_of)
                r = running_open_leader(fleet->project, m->plan->spec->network_of, &m->resources.owner_fd,
                                        reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        return resources_start(fleet->project, fleet->watch.event, m->plan, &m->resources, ret_control_fd,
                               &m->reporter, reterr);
}
