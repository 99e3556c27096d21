/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "context/network.h"
#include "context/shared-use.h"
#include "context/shared.h"
#include "drift/decide.h"
#include "drift/in-place-check.h"
#include "drift/volume-drift.h"
#include "plan/without-root.h"
#include "running/run-records.h"
#include "running/running.h"
#include "storage/seed-places.h"
#include "view/dry-run.h"

static void dry_run_print_text(const char *name, const char *action, char *const *reasons) {
        (void) printf("%s: %s\n", name, action);
        STRV_FOREACH (reason, reasons)
                (void) printf("  %s\n", *reason);
}

static Json *dry_run_json(const ContainerPlan *p, const char *action, char *const *reasons) {
        Json *o = json_new_object(), *mounts = json_new_array();

        json_add_string(o, "name", p->spec->name);
        json_add_string(o, "action", action);
        json_add_strv(o, "reasons", reasons);
        json_add_string(o, "machine", p->machine);
        json_add_string(o, "image", p->image);
        json_add_string(o, "toplevel", p->spec->toplevel);
        json_add_string(o, "address", p->address);
        json_add_string(o, "bridge", p->bridge);
        json_add_strv(o, "argv", p->argv);
        for (size_t i = 0; i < p->n_mounts; i++) {
                const PlanMount *m = &p->mounts[i];
                _cleanup_free_ char *at = xasprintf(MACHINE_DIR "/%s", m->name);
                Json *mount;

                if (m->kind == PLAN_MOUNT_THERE || m->kind == PLAN_MOUNT_SECRET)
                        continue;
                mount = json_new_object();
                json_add_string(mount, "at", at);
                json_add_string(mount, "source", m->source);
                json_append(mounts, mount);
        }
        json_add(o, "mounts", mounts);
        return o;
}

static void dry_run_print_json(Json *containers) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;

        json_add(document, "containers", containers);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}

/* What `up` would find and do. */
typedef struct DryRun {
        Decision *decisions;
        ContainerPlan **plans;
        ContainerState **states;
        MachineStatus *statuses;
        size_t n;
} DryRun;

static void dry_run_done(DryRun *d) {
        decisions_done(d->decisions, d->n);
        for (size_t i = 0; i < d->n; i++) {
                (void) container_plan_free(d->plans[i]);
                (void) container_state_free(d->states[i]);
        }
        free(d->decisions);
        free(d->plans);
        free(d->states);
        free(d->statuses);
}

static int dry_run_look_at_seed(Project *project, Decision *d, Error *reterr) {
        _cleanup_(seed_outlook_done) SeedOutlook outlook = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (d->spec->n_seed == 0)
                return 0;
        r = state_dir_container_open(&project->state, d->spec->name, &fd, reterr);
        if (r >= 0)
                r = seed_look(project, d->spec, fd, &outlook, reterr);
        d->begins_again = seed_outlook_discards(&outlook);
        return r;
}

static int dry_run_look(Project *project, const Network *network, char *const *names, char *const *asked,
                        bool no_wait, DryRun *d, Error *reterr) {
        size_t n = strv_length(names);

        d->decisions = xnew0(Decision, n);
        d->plans = xnew0(ContainerPlan *, n);
        d->states = xnew0(ContainerState *, n);
        d->statuses = xnew0(MachineStatus, n);
        for (; d->n < n; d->n++) {
                size_t i = d->n;
                _cleanup_free_ char *definer = NULL;
                const ContainerSpec *c = spec_find(project->spec, names[i]);
                int r;

                r = running_query(project, names[i], &d->statuses[i], reterr);
                if (r >= 0)
                        r = project_load_state(project, names[i], &d->states[i], reterr);
                if (r >= 0)
                        r = shared_find_definer(project, names[i], &definer, reterr);
                if (r < 0)
                        return r;
                d->plans[i] = network_plan(network, project, c);
                d->decisions[i] = (Decision){
                        .spec = c,
                        .plan = d->plans[i],
                        .state = d->states[i],
                        .status = &d->statuses[i],
                        .asked = strv_contains(asked, names[i]),
                        .foreign = definer,
                        .no_wait = no_wait,
                        .replaced = volume_drift_find(project, d->plans[i], d->states[i], &d->statuses[i]),
                        .not_in_place =
                                in_place_find_obstacle(project, d->plans[i], d->states[i], &d->statuses[i]),
                };
                r = dry_run_look_at_seed(project, &d->decisions[i], reterr);
                if (r >= 0 && d->statuses[i].running)
                        r = run_records_is_stopping(project, names[i], &d->decisions[i].stopping, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void dry_run_simple(const Project *project, const char *name, const char *action, Json *containers) {
        Json *o;

        if (!project->globals->json) {
                dry_run_print_text(name, action, NULL);
                return;
        }
        o = json_new_object();
        json_add_string(o, "name", name);
        json_add_string(o, "action", action);
        json_append(containers, o);
}

static int dry_run_decide(Project *project, char *const *names, char *const *asked, const DecideHow *how,
                          bool no_wait, Json *containers, Error *reterr) {
        _cleanup_(network_done) Network network = {};
        _cleanup_(dry_run_done) DryRun d = {};
        bool changed;
        int r = project->facts.rootless ? without_root_check(project->spec, names, reterr) : 0;

        if (r >= 0)
                r = network_read(project, &network, &changed, reterr);
        if (r >= 0)
                r = dry_run_look(project, &network, names, asked, no_wait, &d, reterr);
        if (r < 0)
                return r;
        decide_all(d.decisions, d.n, project->facts.boot_id, how);
        for (size_t i = 0; i < d.n; i++) {
                const Decision *x = &d.decisions[i];
                const char *action = goal_to_string(x->goal);

                if (project->globals->json)
                        json_append(containers, dry_run_json(x->plan, action, x->reasons));
                else
                        dry_run_print_text(x->spec->name, action, x->reasons);
        }
        return 0;
}

int dry_run_up(Project *project, char *const *names, char *const *asked, const DecideHow *how, bool no_wait,
               char *const *orphans, Error *reterr) {
        _cleanup_(json_freep) Json *containers = json_new_array();
        int r = facts_require(&project->facts, FACTS_NSPAWN | FACTS_CGROUP, reterr);

        STRV_FOREACH (name, orphans)
                if (r >= 0)
                        dry_run_simple(project, *name, "remove", containers);
        if (r >= 0 && project->elsewhere) {
                _cleanup_(project_done) Project home = PROJECT_NULL;

                r = shared_open(project, &home, reterr);
                if (r >= 0)
                        r = dry_run_decide(&home, project->elsewhere, project->elsewhere_named, how, no_wait,
                                           containers, reterr);
        }
        if (r >= 0)
                r = dry_run_decide(project, names, asked, how, no_wait, containers, reterr);
        if (r < 0)
                return r;
        if (project->globals->json)
                dry_run_print_json(TAKE_PTR(containers));
        return FC_EXIT_OK;
}

int dry_run_say(const Project *project, char *const *names, const char *action) {
        _cleanup_(json_freep) Json *containers = json_new_array();

        STRV_FOREACH (name, names)
                dry_run_simple(project, *name, action, containers);
        if (project->globals->json)
                dry_run_print_json(TAKE_PTR(containers));
        return FC_EXIT_OK;
}

static int dry_run_stop(const Project *project, char *const *names, bool kills, Json *containers,
                        Error *reterr) {
        _cleanup_strv_ char **kept = NULL;
        int r = kills ? 0 : shared_find_kept(project, names, &kept, reterr);

        STRV_FOREACH (name, names) {
                MachineStatus status;

                if (r >= 0)
                        r = running_query(project, *name, &status, reterr);
                if (r < 0)
                        return r;
                dry_run_simple(project, *name,
                               goal_to_string(status.running && !strv_contains(kept, *name) ? GOAL_STOP
                                                                                            : GOAL_LEAVE),
                               containers);
        }
        return r;
}

int dry_run_down(const Project *project, char *const *names, bool kills, Error *reterr) {
        _cleanup_(json_freep) Json *containers = json_new_array();
        int r = facts_require(&project->facts, FACTS_CGROUP, reterr);

        if (r >= 0)
                r = dry_run_stop(project, names, kills, containers, reterr);
        if (r >= 0 && project->elsewhere) {
                _cleanup_(project_done) Project home = PROJECT_NULL;

                r = shared_open(project, &home, reterr);
                if (r >= 0)
                        r = dry_run_stop(&home, project->elsewhere, kills, containers, reterr);
        }
        if (r < 0)
                return r;
        if (project->globals->json)
                dry_run_print_json(TAKE_PTR(containers));
        return FC_EXIT_OK;
}
