/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "context/shared-use.h"
#include "drift/volume-drift.h"
#include "fleet/fleet-record.h"
#include "net/router6.h"
#include "spec/path.h"
#include "state/gc-root.h"

int member_save_state(Member *m, Phase phase, const char *result, Error *reterr) {
        int r;

        m->state->phase = phase;
        free(m->state->result);
        m->state->result = xstrdup(result);
        r = container_state_save(m->resources.container_fd, m->at->name, &m->fleet->project->state.user,
                                 m->state, reterr);
        m->untold = r < 0;
        return r;
}

int member_write_intent(Member *m, Error *reterr) {
        const Project *project = m->fleet->project;
        ContainerState *state = container_state_new();
        int r;

        (void) container_state_free(m->state);
        m->state = state;
        state->machine = xstrdup(m->at->machine);
        state->boot_id = xstrdup(project->facts.boot_id);
        state->started_usec = realtime_usec();
        state->address = xstrdup(m->plan->address);
        state->ipv6 = m->plan->address && router6_is_wanted();
        state->definition = strv_copy(m->plan->definition);
        state->volume_sources = volume_drift_sources(m->plan, m->resources.source_ids);
        for (size_t i = 0; i < m->resources.n_ports; i++)
                container_state_add_port(state, &m->resources.ports[i]);
        for (size_t i = 0; i < m->resources.n_sockets; i++)
                container_state_add_socket(state, &m->plan->spec->sockets[i], m->resources.socket_paths[i]);
        r = shared_note_definer(project, m->at->name, m->resources.runtime_fd, m->resources.container_fd,
                                reterr);
        return r < 0 ? r : member_save_state(m, PHASE_STARTING, NULL, reterr);
}

static int member_set_root(const Member *m, const char *name, const char *target, const char *store,
                           Error *reterr) {
        const Project *project = m->fleet->project;
        _cleanup_free_ char *path = project_container_path(project, m->at->name);

        return gc_root_set(m->resources.container_fd, path, &project->state.user, name, target, store,
                           reterr);
}

static void member_note_unprotected(const Member *m, const Error *error) {
        _cleanup_free_ char *text =
                xasprintf("%s: %s, so Nix may collect what runs, ignoring", m->at->name, error->message);

        progress_note(m->fleet->progress, text);
}

int member_protect_next(const Member *m, const char *toplevel, Error *reterr) {
        return member_set_root(m, "next", toplevel, m->plan->store, reterr);
}

static int member_set_system_roots(const Member *m, Error *reterr) {
        const ContainerPlan *p = m->plan;
        _cleanup_free_ char *spec = p->spec->toplevel ? realpath(m->fleet->project->spec_path, NULL) : NULL;
        bool in_store = spec && path_is_within(spec, p->store);
        int r = member_set_root(m, "system", p->spec->toplevel, p->store, reterr);

        return r < 0 ? r
                     : member_set_root(m, PROJECT_STARTED_LINK, in_store ? spec : NULL, p->store, reterr);
}

void member_protect_system(const Member *m) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (member_set_system_roots(m, &error) < 0)
                member_note_unprotected(m, &error);
}

void member_protect_from_gc(Member *m) {
        _cleanup_free_ char *program = realpath("/proc/self/exe", NULL),
                            *store = program ? gc_root_store_of(program) : NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = member_set_system_roots(m, &error);

        if (r >= 0)
                r = member_set_root(m, "program", store ? program : NULL, store, &error);
        /* Of a switch that did not come to its end. */
        if (r >= 0)
                r = member_protect_next(m, NULL, &error);
        if (r < 0)
                member_note_unprotected(m, &error);
}
