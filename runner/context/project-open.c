/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "context/identify.h"
#include "context/instance.h"
#include "context/project-open.h"
#include "context/project-spec.h"
#include "context/project-way.h"
#include "context/shared.h"
#include "project/root.h"
#include "spec/name.h"
#include "spec/profile.h"

static int project_find_root(const ProjectRequest *request, char **ret, Error *reterr) {
        const Globals *globals = request->globals;
        const char *given = request->handed.root ? request->handed.root : globals->root;
        _cleanup_free_ char *root = NULL;
        struct stat st;

        if (!request->handed.root && request->found && request->found->root) {
                *ret = TAKE_PTR(request->found->root);
                return 0;
        }
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

int project_locate(const ProjectRequest *request, ProjectFound *ret, Error *reterr) {
        _cleanup_free_ char *root = NULL;
        InvokingUser user;
        ProgressMode mode;
        int r = project_find(request, &mode, &user, &root, &ret->spec_path, reterr);

        if (r >= 0)
                ret->root = TAKE_PTR(root);
        return r;
}

/* The file may have been another one when it was read. */
static void take_found_spec(const ProjectRequest *request, Project *project) {
        ProjectFound *found = request->found;

        if (found && found->spec && streq_ptr(found->spec_path, project->spec_path))
                project->spec_found = TAKE_PTR(found->spec);
        if (found)
                project_found_done(found);
}

int project_open(const ProjectRequest *request, Project *ret, Error *reterr) {
        int r;

        *ret = PROJECT_NULL;
        ret->globals = request->globals;
        r = project_find(request, &ret->progress, &ret->user, &ret->root, &ret->spec_path, reterr);
        if (r < 0)
                return r;
        take_found_spec(request, ret);
        ret->asker = asker_new(request->asker, &ret->user);
        r = state_dir_open(ret->root, &ret->user, &ret->state, reterr);
        if (r >= 0 && !request->either_way)
                r = project_way_check(ret, reterr);
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

/* Without names. */
static int project_select_by_profile(const ProjectRequest *request, const Project *project,
                                     char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **names = project_start_names(request, project->spec), **known = NULL;
        _cleanup_free_ char *list = NULL;

        if (names || project->elsewhere || project->spec->n_containers == 0) {
                *ret_names = TAKE_PTR(names);
                return 0;
        }
        known = profiles_known(project->spec);
        list = strv_join(known, ", ");
        (void) error_raise(reterr, FC_EXIT_USAGE, "no container is selected: each has 'profiles'");
        error_add_hint(reterr, "name one, or say 'up --profile PROFILE' of: %s", list);
        return -EINVAL;
}

/* Before the shared ones are parted from the others. The variable may be meant for another project, so a
 * command that does not start what is selected takes it as it is. */
static int project_check_profiles(const ProjectRequest *request, const Project *project,
                                  char *const *operands, Error *reterr) {
        _cleanup_strv_ char **selected = project_profiles(request), **names = NULL;
        int r;

        /* A container that is named is started whatever its profiles. */
        if (!request->starts || (operands && *operands))
                return 0;
        r = profiles_check(project->spec, selected, reterr);
        if (r < 0)
                return request->profiles ? r : error_prefix(reterr, r, PROFILES_VARIABLE);
        return project_select_by_profile(request, project, &names, reterr);
}

int project_open_selected(const ProjectRequest *request, char *const *operands, Project *ret,
                          char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = NULL, **own = NULL;
        int r;

        r = project_open(request, ret, reterr);
        if (r >= 0)
                r = project_load_spec(ret, reterr);
        if (r >= 0)
                r = project_check_profiles(request, ret, operands, reterr);
        if (r >= 0)
                r = shared_sort(request, ret, operands, &own, reterr);
        if (r >= 0)
                r = project_way_check_first(request, ret, reterr);
        if (r < 0)
                return r;
        if (!own)
                return project_select_by_profile(request, ret, ret_names, reterr);
        all = project_spec_names(ret);
        return project_select_from(all, own, ret, ret_names, reterr);
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

static int project_open_to_act(const ProjectRequest *request, char *const *operands, bool stops,
                               Project *ret, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **own = NULL;
        int r = project_open(request, ret, reterr);

        if (r < 0)
                return r;
        project_load_if_possible(ret);
        r = shared_sort(request, ret, operands, &own, reterr);
        if (r >= 0)
                r = project_select_known(ret, own, /* may_be_none= */ stops && !ret->spec_missing, ret_names,
                                         reterr);
        if (r >= 0)
                project_say_ignored(ret);
        return r;
}

int project_open_stoppable(const ProjectRequest *request, char *const *operands, Project *ret,
                           char ***ret_names, Error *reterr) {
        return project_open_to_act(request, operands, /* stops= */ true, ret, ret_names, reterr);
}

int project_open_known(const ProjectRequest *request, char *const *operands, Project *ret, char ***ret_names,
                       Error *reterr) {
        return project_open_to_act(request, operands, /* stops= */ false, ret, ret_names, reterr);
}

int project_open_records(const ProjectRequest *request, char *const *operands, bool follow, Project *ret,
                         char ***ret_names, Error *reterr) {
        int r = project_open_known(request, operands, ret, ret_names, reterr);

        if (r >= 0 && follow && ret->state.fd < 0)
                r = state_dir_make(&ret->state, reterr);
        return r;
}
