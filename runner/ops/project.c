/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/suggest.h"
#include "ops/identify.h"
#include "ops/instance.h"
#include "ops/project-spec.h"
#include "project/instance-dir.h"
#include "project/root.h"
#include "record/record.h"
#include "record/stop-record.h"
#include "spec/name.h"
#include "spec/path.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

static int project_find_root(const ProjectRequest *request, char **ret, Error *reterr) {
        const Globals *globals = request->globals;
        const char *given = request->found_root ? request->found_root : globals->root;
        _cleanup_free_ char *root = NULL;
        struct stat st;

        if (!given)
                return project_root_find(".", globals->subdir, ret, reterr);
        root = realpath(given, NULL);
        if (!root || stat(root, &st) < 0)
                return errno == ENOENT ? error_raise(reterr, FC_EXIT_USAGE,
                                                     "project root '%s' does not exist", given)
                                       : error_set(reterr, errno, "project root '%s'", given);
        if (!S_ISDIR(st.st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "project root '%s' is not a directory", root);
        *ret = TAKE_PTR(root);
        return 0;
}

int project_progress_mode(const Globals *globals, ProgressMode *ret, Error *reterr) {
        if (globals->quiet) {
                *ret = PROGRESS_QUIET;
                return 0;
        }
        *ret = PROGRESS_AUTO;
        return globals->progress ? progress_mode_parse(globals->progress, ret, reterr) : 0;
}

static int project_find(const ProjectRequest *request, ProgressMode *ret_mode, InvokingUser *ret_user,
                        char **ret_root, char **ret_spec, Error *reterr) {
        int r;

        r = project_progress_mode(request->globals, ret_mode, reterr);
        if (r < 0)
                return r;
        r = user_invoking(ret_user, reterr);
        if (r < 0)
                return r;
        r = project_find_root(request, ret_root, reterr);
        return r < 0 ? r : project_find_spec(request, *ret_root, ret_user, *ret_mode, ret_spec, reterr);
}

int project_locate(const ProjectRequest *request, char **ret_root, char **ret_spec, Error *reterr) {
        _cleanup_free_ char *root = NULL;
        InvokingUser user;
        ProgressMode mode;
        int r = project_find(request, &mode, &user, &root, ret_spec, reterr);

        if (r >= 0)
                *ret_root = TAKE_PTR(root);
        return r;
}

int project_open(const ProjectRequest *request, Project *ret, Error *reterr) {
        int r;

        *ret = PROJECT_NULL;
        ret->globals = request->globals;
        r = project_find(request, &ret->progress, &ret->user, &ret->root, &ret->spec_path, reterr);
        if (r < 0)
                return r;
        ret->asker = asker_new(request->asker, &ret->user);
        r = state_dir_open(ret->root, &ret->user, &ret->state, reterr);
        if (r >= 0)
                r = request->instance ? instance_enter(ret, request->instance, reterr)
                                      : checkout_look(ret->state.root_fd, ret->root, &ret->checkout, reterr);
        if (r < 0)
                return r;
        r = facts_gather(&ret->facts, reterr);
        if (r >= 0)
                r = project_identify(ret, reterr);
        if (r < 0)
                return r;
        return backend_choose(request->globals->backend, ret->facts.sd_booted, ret->facts.cgroup_unified,
                              &ret->backend, reterr);
}

void project_done(Project *project) {
        (void) asker_free(project->asker);
        free(project->root);
        checkout_done(&project->checkout);
        free(project->id);
        free(project->started_root);
        free(project->spec_path);
        (void) spec_free(project->spec);
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

int project_open_runtime(const Project *project, const char *name) {
        _cleanup_close_ int project_fd = -EBADF;
        int fd;

        if (runtime_dir_open(RUNTIME_DIR_BASE, project->id, &project_fd, NULL) < 0 || project_fd < 0 ||
            runtime_dir_container_open(project_fd, name, &fd, NULL) < 0)
                return -EBADF;
        return fd;
}

bool project_is_stopping(const Project *project, const char *name, bool runs) {
        _cleanup_close_ int container = project_open_runtime(project, name);

        return container >= 0 && (runs ? stop_record_holds(container) : stop_record_exists(container));
}

ExitRecord project_read_end(const Project *project, const char *name) {
        _cleanup_close_ int container = project_open_runtime(project, name);
        ExitRecord end = {};

        if (container >= 0)
                (void) exit_record_read(container, &end, NULL);
        return end;
}

/* ---- which containers a verb is to work on ---- */

static int project_select_from(char *const *all, char *const *names, const Project *project,
                               char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **selected = NULL;

        STRV_FOREACH (name, names) {
                if (!strv_contains(all, *name)) {
                        _cleanup_free_ char *list = strv_join(all, ", ");
                        const char *nearest = suggest_name(*name, all);

                        (void) error_raise(reterr, FC_EXIT_USAGE, "no container '%s' in '%s'", *name,
                                           project->spec_path);
                        if (nearest)
                                error_add_hint(reterr, "did you mean '%s'?", nearest);
                        error_add_hint(reterr, "there %s%s",
                                       strv_length(all) == 1 ? "is: "
                                       : all && *all         ? "are: "
                                                             : "are none",
                                       list);
                        return -EINVAL;
                }
                if (!strv_contains(selected, *name))
                        strv_push(&selected, *name);
        }
        *ret_names = names && *names ? TAKE_PTR(selected) : strv_copy(all);
        return 0;
}

static char **project_spec_names(const Project *project) {
        char **all = NULL;

        for (size_t i = 0; project->spec && i < project->spec->n_containers; i++)
                strv_push(&all, project->spec->containers[i].name);
        return all;
}

int project_open_selected(const ProjectRequest *request, char *const *operands, Project *ret,
                          char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = NULL;
        int r;

        r = project_open(request, ret, reterr);
        if (r >= 0)
                r = project_load_spec(ret, reterr);
        if (r < 0)
                return r;
        all = project_spec_names(ret);
        return project_select_from(all, operands, ret, ret_names, reterr);
}

int project_known_names(const Project *project, char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = project_spec_names(project), **stored = NULL;
        int r = state_dir_list(&project->state, &stored, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, stored)
                if (!strv_contains(all, *name))
                        strv_push(&all, *name);
        *ret = TAKE_PTR(all);
        return 0;
}

/* Whether it can be a container's name. No specification says more; the verb tells what it finds. */
static int project_check_unknown(Project *project, const char *name, Error *reterr) {
        if (error_is_set(&project->spec_error) && !project->spec_missing) {
                error_move(reterr, &project->spec_error);
                return -EINVAL;
        }
        return name_check(name, "container", reterr);
}

static int project_select_known(Project *project, char *const *names, bool may_be_none, char ***ret_names,
                                Error *reterr) {
        _cleanup_strv_ char **all = NULL;
        int r = project_known_names(project, &all, reterr);

        if (r < 0)
                return r;
        if (!project->spec)
                STRV_FOREACH (name, names) {
                        if (strv_contains(all, *name))
                                continue;
                        r = project_check_unknown(project, *name, reterr);
                        if (r < 0)
                                return r;
                        strv_push(&all, *name);
                }
        /* There is nothing to work on, and this is why. */
        if (!all && !may_be_none && error_is_set(&project->spec_error)) {
                error_move(reterr, &project->spec_error);
                return -ENOENT;
        }
        return project_select_from(all, names, project, ret_names, reterr);
}

int project_open_stoppable(const ProjectRequest *request, char *const *operands, Project *ret,
                           char ***ret_names, Error *reterr) {
        int r = project_open(request, ret, reterr);

        if (r < 0)
                return r;
        project_load_if_possible(ret);
        r = project_select_known(ret, operands, /* may_be_none= */ !ret->spec_missing, ret_names, reterr);
        if (r >= 0)
                project_say_ignored(ret);
        return r;
}

int project_open_known(const ProjectRequest *request, char *const *operands, Project *ret, char ***ret_names,
                       Error *reterr) {
        int r = project_open(request, ret, reterr);

        if (r < 0)
                return r;
        project_load_if_possible(ret);
        r = project_select_known(ret, operands, /* may_be_none= */ false, ret_names, reterr);
        if (r >= 0)
                project_say_ignored(ret);
        return r;
}

int project_open_records(const ProjectRequest *request, char *const *operands, bool follow, Project *ret,
                         char ***ret_names, Error *reterr) {
        int r = project_open_known(request, operands, ret, ret_names, reterr);

        if (r >= 0 && follow && ret->state.fd < 0)
                r = state_dir_make(&ret->state, reterr);
        return r;
}
