/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "context/project-open.h"
#include "context/shared.h"
#include "project/git-dir.h"
#include "spec/dependency.h"

static bool is_shared(const Spec *spec, const char *name) {
        const ContainerSpec *c = spec_find(spec, name);

        return c && c->shared;
}

static bool has_shared(const Spec *spec) {
        for (size_t i = 0; i < spec->n_containers; i++)
                if (spec->containers[i].shared)
                        return true;
        return false;
}

/* ---- the other side ---- */

/* The host's localhost leads to its port. */
static bool is_on_localhost(const Port *port) {
        return !port->udp && port->host > 0 &&
               (!port->address || startswith(port->address, "127.") || streq(port->address, "0.0.0.0") ||
                streq(port->address, "::") || streq(port->address, "::1"));
}

static bool has_access(const ContainerSpec *c, uint16_t port) {
        for (size_t i = 0; i < c->n_host_access; i++)
                if (c->host_access[i] == port)
                        return true;
        return false;
}

/* It is in no network with what it depends on, and reaches that by the ports on the host. */
static void shared_give_access(const Spec *spec, ContainerSpec *c) {
        for (size_t i = 0; c->network == NETWORK_PRIVATE && i < c->n_dependencies; i++) {
                const ContainerSpec *other = spec_find(spec, c->dependencies[i].name);

                for (size_t k = 0; other->shared && k < other->n_ports; k++)
                        if (is_on_localhost(&other->ports[k]) && !has_access(c, other->ports[k].host))
                                *XGROW(c->host_access, c->n_host_access) = other->ports[k].host;
        }
}

/* ---- parting ---- */

static void shared_push(Project *project, char *const *names, char *const *unless) {
        STRV_FOREACH (name, names)
                if (is_shared(project->spec, *name) && !strv_contains(unless, *name))
                        strv_push(&project->elsewhere, *name);
}

/* @all: those that it is about without operands */
static void shared_find_elsewhere(const ProjectRequest *request, Project *project, char *const *operands,
                                  char *const *own, char *const *all) {
        _cleanup_strv_ char **needed = NULL;
        bool named = operands && *operands;

        shared_push(project, named ? operands : all, NULL);
        project->elsewhere_named = named ? strv_copy(project->elsewhere) : NULL;
        if (request->part != PART_NEEDED || !own || !*own)
                return;
        needed = dependencies_order(project->spec, own);
        shared_push(project, needed, project->elsewhere);
}

static void shared_leave_out(Project *project) {
        for (size_t i = 0; i < project->spec->n_containers; i++) {
                ContainerSpec *c = &project->spec->containers[i];

                if (c->shared)
                        strv_push(&project->apart, c->name);
                else
                        shared_give_access(project->spec, c);
        }
        spec_keep(project->spec, /* shared= */ false);
}

/* In place of the project of the linked work tree. */
static int shared_enter_home(const ProjectRequest *request, Project *project, Error *reterr) {
        _cleanup_free_ char *home = TAKE_PTR(project->home), *from = xstrdup(project->root),
                            *spec = xstrdup(project->spec_path);
        ProjectRequest there = *request;
        int r;

        there.handed.root = home;
        there.handed.spec = spec;
        there.worktree = from;
        project_done(project);
        r = project_open(&there, project, reterr);
        if (r >= 0)
                r = project_load_spec(project, reterr);
        if (r < 0)
                return r;
        project->worktree = TAKE_PTR(from);
        spec_keep(project->spec, /* shared= */ true);
        return 0;
}

static int shared_raise_mixed(const Project *project, char *const *shared, char *const *own, Error *reterr) {
        _cleanup_free_ char *theirs = strv_join(shared, ", "), *ours = strv_join(own, ", ");
        int r = error_raise(
                reterr, FC_EXIT_USAGE,
                "%s: shared with the work tree '%s', unlike %s, and this takes only one or the other",
                theirs, project->home, ours);

        error_add_hint(reterr, "make two commands of it");
        return r;
}

int shared_find_home(const Spec *spec, const char *root, char **ret, Error *reterr) {
        *ret = NULL;
        return has_shared(spec) ? git_dir_main(root, ret, reterr) : 0;
}

int shared_sort(const ProjectRequest *request, Project *project, char *const *operands, char ***ret,
                Error *reterr) {
        _cleanup_strv_ char **own = NULL, **shared = NULL;
        int r = 0;

        if (request->worktree) {
                project->worktree = xstrdup(request->worktree);
                if (project->spec)
                        spec_keep(project->spec, /* shared= */ true);
        }
        if (!request->worktree && !project->state.instance && !request->fresh && project->spec)
                r = shared_find_home(project->spec, project->root, &project->home, reterr);
        if (r < 0)
                return r;
        if (!project->home) {
                *ret = strv_copy(operands);
                return 0;
        }
        STRV_FOREACH (name, operands)
                strv_push(is_shared(project->spec, *name) ? &shared : &own, *name);
        if (shared && !own) {
                *ret = TAKE_PTR(shared);
                return shared_enter_home(request, project, reterr);
        }
        if (shared && request->part == PART_NOTHING)
                return shared_raise_mixed(project, shared, own, reterr);
        if (request->part != PART_NOTHING) {
                _cleanup_strv_ char **all = project_start_names(request, project->spec);

                shared_find_elsewhere(request, project, operands, own ? own : all, all);
        }
        shared_leave_out(project);
        *ret = TAKE_PTR(own);
        return 0;
}

/* ---- the shared ones ---- */

ProjectRequest shared_request(const ProjectRequest *request, const Project *project) {
        ProjectRequest there = *request;

        there.handed.root = project->home;
        there.handed.spec = project->spec_path;
        there.worktree = project->root;
        return there;
}

int shared_open(const Project *project, Project *ret, Error *reterr) {
        const ProjectRequest request = {.globals = project->globals},
                             there = shared_request(&request, project);
        _cleanup_strv_ char **names = NULL;

        return project_open_selected(&there, project->elsewhere, ret, &names, reterr);
}
