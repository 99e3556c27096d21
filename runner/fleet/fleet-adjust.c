/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "fleet/fleet-adjust.h"
#include "machine/publish.h"
#include "net/ports.h"
#include "plan/in-place.h"
#include "resources/publish-mend.h"
#include "state/runtime-dir.h"

/* ---- what is to be changed ---- */

typedef struct Adjusting {
        Member *m;
        char *runtime;
        PublishPlace place;
        Port *gone;
        size_t n_gone;
        Resource *old_limits;
        size_t n_old_limits;
        bool ports, limits; /* what is another */
        char **definition;  /* when it is over */
} Adjusting;

static void adjusting_done(Adjusting *a) {
        in_place_ports_free(a->gone, a->n_gone);
        in_place_limits_free(a->old_limits, a->n_old_limits);
        strv_free(a->definition);
        free(a->runtime);
}

static void adjusting_open(Adjusting *a, Member *m) {
        const Project *project = m->fleet->project;

        a->m = m;
        a->runtime = xasprintf(RUNTIME_DIR_BASE "/%s/%s", project->id, m->at->name);
        a->place = (PublishPlace){
                .cgroup_mount = project->facts.cgroup_root,
                .machine = m->at->machine,
                .container = m->at->name,
                .address = m->state->address,
                .runtime = a->runtime,
                .runtime_fd = m->resources.runtime_fd,
                .status = m->at->status,
        };
        in_place_ports_gone(m->plan, m->state->definition, &a->gone, &a->n_gone);
        in_place_limits(m->state->definition, &a->old_limits, &a->n_old_limits);
        a->limits = in_place_limits_differ(m->plan, m->state->definition);
        a->ports = a->n_gone > 0;
        for (size_t i = 0; i < m->plan->spec->n_ports; i++)
                a->ports = a->ports || !in_place_has_port(m->state->definition, &m->plan->spec->ports[i]);
        a->definition = m->goal == GOAL_SWITCH ? in_place_adjusted(m->plan, m->state->definition)
                                               : strv_copy(m->plan->definition);
}

static bool adjusting_is_needed(const Adjusting *a) {
        return a->m->goal == GOAL_ADJUST || a->ports || a->limits;
}

/* ---- before anything is changed ---- */

static const BoundPort *find_bound(const ContainerState *state, const Port *port) {
        for (size_t i = 0; i < state->n_ports; i++)
                if (port->host > 0 && state->ports[i].host == port->host && state->ports[i].udp == port->udp)
                        return &state->ports[i];
        return NULL;
}

/* A port of `publish` is another thing than one of the specification, and is not made one silently. */
static int refuse_published(const Member *m, const Port *port, Error *reterr) {
        const BoundPort *there = find_bound(m->state, port);
        _cleanup_free_ char *command = NULL, *operands = NULL;
        int r;

        if (!there || !there->once)
                return 0;
        operands = xasprintf("%s %u%s", m->at->name, port->host, port->udp ? "/udp" : "");
        command = project_command(m->fleet->project, "unpublish", operands);
        r = error_raise(reterr, FC_EXIT_CONFLICT, "port %u is published already, by 'publish'", port->host);
        error_add_hint(reterr, "take that back, and run this again: %s", command);
        return error_in_container(reterr, r, m->at->name);
}

/* Its keeper may have it from a command that was killed before it could write that down. What has run on
 * another number goes on there until this one is open, so an "auto" port begins with a new one. */
static int bind_one(const Adjusting *a, const Port *port, PublishedPort *ret, Error *reterr) {
        const ContainerState *state = a->m->state;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = port_bind(port, 0, resources_describe_machine, NULL, ret, &error);

        if (r < 0 && error.exit == FC_EXIT_CONFLICT && !find_bound(state, port) &&
            machine_unpublish(&a->place, /* address= */ NULL, port->host, port->udp, NULL) >= 0) {
                error_done(&error);
                error = ERROR_NULL;
                r = port_bind(port, 0, resources_describe_machine, NULL, ret, &error);
        }
        if (r < 0)
                error_move(reterr, &error);
        return r;
}

int member_prepare_adjust(Member *m, PortConflicts *conflicts, Error *reterr) {
        const ContainerSpec *c = m->plan->spec;
        Resources *resources = &m->resources;
        _cleanup_(adjusting_done) Adjusting a = {};
        int r;

        adjusting_open(&a, m);
        if (!adjusting_is_needed(&a))
                return 0;
        r = m->at->status.backend->check(a.place.cgroup_mount, m->plan, reterr);
        if (r < 0)
                return r;
        r = publish_mend(&a.place, m->state, reterr);
        if (r < 0)
                return error_in_container(reterr, r, c->name);
        resources->ports = xnew0(PublishedPort, c->n_ports);
        for (; resources->n_ports < c->n_ports; resources->n_ports++) {
                const Port *port = &c->ports[resources->n_ports];
                PublishedPort *bound = &resources->ports[resources->n_ports];
                _cleanup_(error_done) Error error = ERROR_NULL;

                *bound = PUBLISHED_PORT_NULL;
                bound->wanted = port;
                if (in_place_has_port(m->state->definition, port))
                        continue;
                r = refuse_published(m, port, reterr);
                if (r < 0)
                        return r;
                r = bind_one(&a, port, bound, &error);
                bound->wanted = port;
                if (r < 0 && error.exit == FC_EXIT_CONFLICT)
                        port_conflicts_add(conflicts, c->name, port, &error);
                else if (r < 0) {
                        error_move(reterr, &error);
                        return error_in_container(reterr, r, c->name);
                }
        }
        return 0;
}

/* ---- the change ---- */

/* Return: how many of the plan's ports were looked at until one could not be opened, or all. */
static size_t adjusting_begin(const Adjusting *a, Error *reterr) {
        const Resources *resources = &a->m->resources;

        for (size_t i = 0; i < resources->n_ports; i++) {
                const PublishedPort *bound = &resources->ports[i];

                if (published_port_is_open(bound) && publish_serve(&a->place, bound, reterr) < 0)
                        return i;
        }
        return resources->n_ports;
}

/* Return: whether the keeper has none of them any more. */
static bool adjusting_undo(const Adjusting *a, size_t n) {
        bool undone = true;

        for (size_t i = 0; i < n; i++) {
                const PublishedPort *bound = &a->m->resources.ports[i];

                if (published_port_is_open(bound) && publish_take_back(&a->place, bound, NULL) < 0)
                        undone = false;
        }
        return undone;
}

/* @ret_closed: that it is not what it was, even where it fails. The state has it no longer then, nor has the
 * definition: a specification that has it again opens it. */
static int adjusting_end_one(const Adjusting *a, const Port *gone, bool *ret_closed, Error *reterr) {
        ContainerState *state = a->m->state;
        bool closed = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < state->n_ports; i++) {
                if (state->ports[i].once || !bound_port_is(&state->ports[i], gone))
                        continue;
                r = publish_take_back_bound(&a->place, &state->ports[i], reterr);
                closed = closed || r >= 0;
        }
        *ret_closed = closed || r >= 0;
        if (*ret_closed) {
                container_state_remove_port(state, gone);
                in_place_forget_port(&state->definition, gone);
        }
        return r;
}

static int adjusting_limit(const Adjusting *a, const Resource *limits, size_t n, Error *reterr) {
        const MachineLimits wanted = {
                .cgroup_mount = a->place.cgroup_mount,
                .machine = a->place.machine,
                .runtime_fd = a->place.runtime_fd,
                .resources = limits,
                .n = n,
        };

        return a->limits ? machine_limit(&a->place.status, &wanted, reterr) : 0;
}

static const char *adjusting_what(const Adjusting *a) {
        return !a->limits ? "ports" : a->ports ? "ports and limits" : "limits";
}

static char *describe_gone(const Adjusting *a, size_t n) {
        _cleanup_strv_ char **list = NULL;

        for (size_t i = 0; i < n; i++)
                strv_pushf(&list, "%u", a->gone[i].container);
        return strv_join(list, ", ");
}

static void adjusting_tell_old(const Adjusting *a, size_t n_closed, Error *reterr) {
        _cleanup_free_ char *closed = describe_gone(a, n_closed);

        if (n_closed == 0)
                error_add_hint(reterr, "it runs on with the %s that it had", adjusting_what(a));
        else
                error_add_hint(reterr, "it runs on with the %s that it had, but for %s, closed already",
                               adjusting_what(a), closed);
}

/* ---- what is remembered ---- */

static void adjusting_forget(ContainerState *state, const char *note) {
        char **rest = NULL;

        STRV_FOREACH (line, state->definition)
                if (!streq(*line, note))
                        strv_push(&rest, *line);
        strv_free(state->definition);
        state->definition = rest;
}

static int adjusting_save(const Adjusting *a, Error *reterr) {
        const Member *m = a->m;

        return container_state_save(m->resources.container_fd, m->at->name, &m->fleet->project->state.user,
                                    m->state, reterr);
}

/* Until it is over, a command that is killed has left that on the disk. */
static int adjusting_note(const Adjusting *a, Error *reterr) {
        ContainerState *state = a->m->state;
        int r;

        if (a->ports)
                strv_push(&state->definition, IN_PLACE_UNFINISHED);
        if (a->limits && !strv_contains(state->definition, IN_PLACE_LIMITS_UNFINISHED))
                strv_push(&state->definition, IN_PLACE_LIMITS_UNFINISHED);
        r = adjusting_save(a, reterr);
        if (r >= 0)
                return 0;
        adjusting_forget(state, IN_PLACE_UNFINISHED);
        adjusting_forget(state, IN_PLACE_LIMITS_UNFINISHED);
        adjusting_tell_old(a, 0, reterr);
        return error_in_container(reterr, r, a->m->at->name);
}

static void adjusting_take_back(const Adjusting *a, size_t begun, size_t closed, Error *reterr) {
        ContainerState *state = a->m->state;

        if (adjusting_undo(a, begun))
                adjusting_forget(state, IN_PLACE_UNFINISHED);
        if (adjusting_limit(a, a->old_limits, a->n_old_limits, NULL) >= 0)
                adjusting_forget(state, IN_PLACE_LIMITS_UNFINISHED);
        adjusting_tell_old(a, closed, reterr);
        (void) adjusting_save(a, NULL);
}

/* ---- all of it ---- */

static int adjusting_run(const Adjusting *a, Error *reterr) {
        Member *m = a->m;
        const ContainerSpec *c = m->plan->spec;
        size_t begun, closed = 0;
        int r = adjusting_note(a, reterr);

        if (r < 0)
                return r;
        begun = adjusting_begin(a, reterr);
        r = begun < m->resources.n_ports ? -EIO : adjusting_limit(a, c->resources, c->n_resources, reterr);
        while (r >= 0 && closed < a->n_gone) {
                bool is_closed;

                r = adjusting_end_one(a, &a->gone[closed], &is_closed, reterr);
                closed += is_closed;
        }
        if (r < 0) {
                adjusting_take_back(a, begun, closed, reterr);
                return error_in_container(reterr, r, m->at->name);
        }
        for (size_t i = 0; i < m->resources.n_ports; i++)
                container_state_add_port(m->state, &m->resources.ports[i]);
        strv_free(m->state->definition);
        m->state->definition = strv_copy(a->definition);
        r = adjusting_save(a, reterr);
        if (r < 0)
                error_add_hint(reterr, "it runs with its new %s, and the next 'up' %s", adjusting_what(a),
                               a->ports ? "restarts it" : "sets them again");
        return r;
}

int member_adjust(Member *m, Error *reterr) {
        _cleanup_(adjusting_done) Adjusting a = {};
        int r;

        adjusting_open(&a, m);
        if (!adjusting_is_needed(&a))
                return 0;
        r = adjusting_run(&a, reterr);
        if (r >= 0)
                m->adjusted = !a.limits ? "ports changed while it runs"
                              : a.ports ? "ports and limits changed while it runs"
                                        : "limits changed while it runs";
        return r;
}
