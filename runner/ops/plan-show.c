/* SPDX-License-Identifier: MIT */

#include "machine/machine.h"
#include "base/alloc.h"
#include "base/json.h"
#include "ops/network.h"
#include "ops/plan-show.h"
#include "plan/plan.h"
#include "spec/dependency.h"

static void print_text(const char *name, const char *action, char *const *reasons) {
        (void) printf("%s: %s\n", name, action);
        STRV_FOREACH (reason, reasons)
                (void) printf("  %s\n", *reason);
}

static Json *plan_json(const ContainerPlan *p, const char *action, char *const *reasons) {
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

                if (m->kind == PLAN_MOUNT_THERE)
                        continue;
                mount = json_new_object();
                json_add_string(mount, "at", at);
                json_add_string(mount, "source", m->source);
                json_append(mounts, mount);
        }
        json_add(o, "mounts", mounts);
        return o;
}

static void print_json(Json *containers) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;

        json_add(document, "containers", containers);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}

/* What would become of one container. */
typedef struct Shown {
        const ContainerSpec *spec;
        ContainerPlan *plan;
        PlanAction action;
        bool running;
        char **reasons;
} Shown;

typedef struct ShownList {
        Shown *entries;
        size_t n;
} ShownList;

static void shown_list_done(ShownList *list) {
        for (size_t i = 0; i < list->n; i++) {
                (void) container_plan_free(list->entries[i].plan);
                strv_free(list->entries[i].reasons);
        }
        free(list->entries);
}

static int look_at(const Project *project, const Network *network, const char *name, bool restart,
                   Shown *ret, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(project, name);
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        MachineStatus status;
        int r;

        r = machine_query(project->facts.cgroup_root, machine, &status, reterr);
        if (r >= 0)
                r = project_load_state(project, name, &state, reterr);
        if (r < 0)
                return r;
        ret->spec = spec_find(project->spec, name);
        ret->plan = network_plan(network, project, ret->spec);
        ret->running = status.running;
        ret->action =
                plan_decide(ret->plan, status.running, state ? state->definition : NULL, &ret->reasons);
        if (restart && status.running)
                ret->action = PLAN_RESTART;
        return 0;
}

/* As fleet_bring_up() does: a one-shot container that nobody has asked for runs for those that are started.
 */
static void leave_out_unneeded(ShownList *list, char *const *asked) {
        for (size_t i = list->n; i-- > 0;) {
                Shown *x = &list->entries[i];
                bool needed = !x->spec->one_shot || x->running || strv_contains(asked, x->spec->name);

                for (size_t j = i + 1; j < list->n && !needed; j++)
                        needed = list->entries[j].action != PLAN_KEEP &&
                                 depends_on(list->entries[j].spec, x->spec->name);
                if (needed)
                        continue;
                x->action = PLAN_KEEP;
                strv_push(&x->reasons, "nothing that needs it is started");
        }
}

static int show_starts(const Project *project, char *const *names, char *const *asked, bool restart,
                       Error *reterr) {
        _cleanup_(network_done) Network network = {};
        _cleanup_(json_freep) Json *containers = json_new_array();
        _cleanup_(shown_list_done) ShownList list = {};
        bool changed;
        int r;

        r = facts_require(&project->facts, FACTS_NSPAWN | FACTS_CGROUP, reterr);
        if (r >= 0)
                r = network_read(project, &network, &changed, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, names) {
                r = look_at(project, &network, *name, restart, XGROW(list.entries, list.n), reterr);
                if (r < 0)
                        return r;
        }
        leave_out_unneeded(&list, asked);
        for (size_t i = 0; i < list.n; i++) {
                const Shown *x = &list.entries[i];
                const char *action = plan_action_to_string(x->action);

                if (project->globals->json)
                        json_append(containers, plan_json(x->plan, action, x->reasons));
                else
                        print_text(x->spec->name, action, x->reasons);
        }
        if (project->globals->json)
                print_json(TAKE_PTR(containers));
        return FC_EXIT_OK;
}

int plan_show(const Project *project, char *const *names, char *const *asked, Error *reterr) {
        return show_starts(project, names, asked, /* restart= */ false, reterr);
}

int plan_show_restart(const Project *project, char *const *names, Error *reterr) {
        return show_starts(project, names, names, /* restart= */ true, reterr);
}

int plan_show_down(const Project *project, char *const *names, Error *reterr) {
        _cleanup_(json_freep) Json *containers = json_new_array();
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *machine = project_machine(project, *name);
                MachineStatus status;
                Json *o;

                r = machine_query(project->facts.cgroup_root, machine, &status, reterr);
                if (r < 0)
                        return r;
                if (!project->globals->json) {
                        print_text(*name, status.running ? "stop" : "nothing", NULL);
                        continue;
                }
                o = json_new_object();
                json_add_string(o, "name", *name);
                json_add_string(o, "action", status.running ? "stop" : "nothing");
                json_append(containers, o);
        }
        if (project->globals->json)
                print_json(TAKE_PTR(containers));
        return FC_EXIT_OK;
}
