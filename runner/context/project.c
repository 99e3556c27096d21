/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "context/project.h"
#include "machine/machine.h"
#include "project/instance-dir.h"
#include "spec/path.h"
#include "spec/profile.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

int project_progress_mode(const Globals *globals, ProgressMode *ret, Error *reterr) {
        if (globals->quiet) {
                *ret = PROGRESS_QUIET;
                return 0;
        }
        *ret = PROGRESS_AUTO;
        return globals->progress ? progress_mode_parse(globals->progress, ret, reterr) : 0;
}

void project_found_done(ProjectFound *found) {
        free(found->root);
        free(found->spec_path);
        (void) spec_free(found->spec);
        *found = (ProjectFound){};
}

void project_done(Project *project) {
        (void) asker_free(project->asker);
        free(project->root);
        checkout_done(&project->checkout);
        free(project->id);
        free(project->started_root);
        free(project->home);
        strv_free(project->elsewhere);
        strv_free(project->elsewhere_named);
        strv_free(project->apart);
        free(project->worktree);
        free(project->spec_path);
        (void) spec_free(project->spec);
        (void) spec_free(project->spec_found);
        for (size_t i = 0; i < project->n_started; i++)
                (void) spec_free(project->started[i]);
        free(project->started);
        error_done(&project->spec_error);
        sources_done(&project->sources);
        state_dir_done(&project->state);
        state_dir_done(&project->whole);
        (void) safe_close(project->snapshot_fd);
        strv_free(project->layered);
        facts_done(&project->facts);
        *project = PROJECT_NULL;
}

int project_open_sources(Project *project, Error *reterr) {
        if (project->sources.opened)
                return 0;
        return sources_open(project->root, project->state.root_fd,
                            project->state.instance ? project->whole.fd : project->state.fd,
                            &project->state.user, &project->user, project->spec, &project->sources, reterr);
}

char *project_place(const Project *project) {
        return project->state.instance ? instance_path(project->root, project->state.instance)
                                       : xstrdup(project->root);
}

char *project_state_path(const Project *project) {
        return project->state.instance
                       ? instance_path(project->root, project->state.instance)
                       : xasprintf("%s/" STATE_DIR_NAME, streq(project->root, "/") ? "" : project->root);
}

char *project_container_path(const Project *project, const char *container) {
        _cleanup_free_ char *kept = project_state_path(project);

        return xasprintf("%s/%s", kept, container);
}

char *project_machine(const Project *project, const char *container) {
        return identity_machine_name(project->id, container);
}

/* The flake-containers of NAME-up has one: beside it lies another that builds its own. */
static bool project_spec_is_baked(const Project *project) {
        const char *spec = project->globals->spec;

        for (size_t i = 0; spec && project->spec && i < project->spec->n_containers; i++) {
                const ContainerSpec *c = &project->spec->containers[i];
                _cleanup_free_ char *store = c->toplevel ? container_spec_store(c) : NULL;

                if (store && path_is_within(spec, store))
                        return true;
        }
        return false;
}

static void project_push_option(char ***words, const char *option, const char *value) {
        if (value)
                strv_pushf(words, "%s %s", option, value);
}

char *project_command(const Project *project, const char *verb, const char *operand) {
        const Globals *g = project->globals;
        _cleanup_strv_ char **words = NULL;

        strv_push(&words, "flake-containers");
        project_push_option(&words, "-C", g->directory);
        project_push_option(&words, "--root", g->root);
        project_push_option(&words, "--spec", project_spec_is_baked(project) ? NULL : g->spec);
        strv_push(&words, verb);
        if (operand)
                strv_push(&words, operand);
        return strv_join(words, " ");
}

int project_load_state(const Project *project, const char *container, ContainerState **ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        *ret = NULL;
        r = state_dir_container_open(&project->state, container, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = container_state_load(fd, container, &project->state.user, ret, reterr);
        return error_about_container(reterr, r, container);
}

char **project_spec_names(const Project *project) {
        char **all = NULL;

        for (size_t i = 0; project->spec && i < project->spec->n_containers; i++)
                strv_push(&all, project->spec->containers[i].name);
        return all;
}

char *project_typed_path(const ProjectRequest *request, const char *path) {
        _cleanup_free_ char *cwd = NULL;

        if (path[0] == '/')
                return xstrdup(path);
        cwd = request->handed.cwd ? xstrdup(request->handed.cwd) : getcwd(NULL, 0);
        return path_join(cwd ? cwd : "/nonexistent", path, NULL);
}

char **project_profiles(const ProjectRequest *request) {
        const char *variable =
                request->handed.profiles ? request->handed.profiles : getenv(PROFILES_VARIABLE);

        return request->profiles || !variable ? strv_copy(request->profiles) : profiles_split(variable);
}

char **project_start_names(const ProjectRequest *request, const Spec *spec) {
        _cleanup_strv_ char **selected = project_profiles(request);
        char *any[] = {(char *) PROFILE_ANY, NULL};

        return profiles_choose(spec, request->starts ? selected : any);
}

/* What runs though neither knows of it, as after `.containers` has been removed below it. */
static int push_running(const Project *project, char ***names, Error *reterr) {
        _cleanup_strv_ char **machines = NULL, **found = NULL;
        int r = project->facts.cgroup_root && project->id
                        ? machine_list_names(project->facts.cgroup_root, &machines, reterr)
                        : 0;

        STRV_FOREACH (machine, machines) {
                _cleanup_(checkout_done) Checkout owner = {};
                const char *rest = startswith(*machine, project->id), *name;
                bool running, stale;

                if (r < 0 || !rest || rest[0] != '-' || strv_contains(*names, rest + 1))
                        continue;
                /* The id of another project may begin with this one. */
                if (!runtime_dir_find_owner(RUNTIME_DIR_BASE, *machine, &owner, &name) || name != rest + 1)
                        continue;
                r = machine_look(project->facts.cgroup_root, *machine, &running, &stale, reterr);
                if (r >= 0 && running)
                        strv_push(&found, name);
        }
        strv_sort(found);
        strv_extend(names, found);
        return r;
}

int project_known_names(const Project *project, char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = project_spec_names(project), **stored = NULL;
        int r = state_dir_list(&project->state, &stored, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, stored)
                if (!strv_contains(all, *name))
                        strv_push(&all, *name);
        r = push_running(project, &all, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(all);
        return 0;
}
