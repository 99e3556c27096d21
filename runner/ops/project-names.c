/* SPDX-License-Identifier: MIT */

/* The part of project.h that is about names: which containers a verb is to work on. */

#include "base/alloc.h"
#include "ops/project.h"
#include "spec/name.h"

static int select_from(char *const *all, char *const *names, const Project *project, char ***ret_names,
                       Error *reterr) {
        _cleanup_strv_ char **selected = NULL;

        STRV_FOREACH (name, names) {
                if (!strv_contains(all, *name)) {
                        _cleanup_free_ char *list = strv_join(all, ", ");

                        (void) error_raise(reterr, FC_EXIT_USAGE, "no container '%s' in '%s'", *name,
                                           project->spec_path);
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

static char **spec_names(const Project *project) {
        char **all = NULL;

        for (size_t i = 0; project->spec && i < project->spec->n_containers; i++)
                strv_push(&all, project->spec->containers[i].name);
        return all;
}

int project_select(const Project *project, char *const *names, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = spec_names(project);

        return select_from(all, names, project, ret_names, reterr);
}

int project_open_selected(const ProjectRequest *request, char *const *operands, Project *ret,
                          char ***ret_names, Error *reterr) {
        int r;

        r = project_open(request, ret, reterr);
        if (r >= 0)
                r = project_load_spec(ret, reterr);
        return r < 0 ? r : project_select(ret, operands, ret_names, reterr);
}

int project_known_names(const Project *project, char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = spec_names(project), **stored = NULL;
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
static int check_unknown(Project *project, const char *name, Error *reterr) {
        if (error_is_set(&project->spec_error) && !project->spec_missing) {
                error_move(reterr, &project->spec_error);
                return -EINVAL;
        }
        return name_check(name, "container", reterr);
}

static int select_known(Project *project, char *const *names, bool may_be_none, char ***ret_names,
                        Error *reterr) {
        _cleanup_strv_ char **all = NULL;
        int r = project_known_names(project, &all, reterr);

        if (r < 0)
                return r;
        if (!project->spec)
                STRV_FOREACH (name, names) {
                        if (strv_contains(all, *name))
                                continue;
                        r = check_unknown(project, *name, reterr);
                        if (r < 0)
                                return r;
                        strv_push(&all, *name);
                }
        /* There is nothing to work on, and this is why. */
        if (!all && !may_be_none && error_is_set(&project->spec_error)) {
                error_move(reterr, &project->spec_error);
                return -ENOENT;
        }
        return select_from(all, names, project, ret_names, reterr);
}

int project_select_known(Project *project, char *const *names, char ***ret_names, Error *reterr) {
        return select_known(project, names, /* may_be_none= */ false, ret_names, reterr);
}

int project_open_stoppable(const ProjectRequest *request, char *const *operands, Project *ret,
                           char ***ret_names, Error *reterr) {
        int r = project_open(request, ret, reterr);

        if (r < 0)
                return r;
        project_load_if_possible(ret);
        return select_known(ret, operands, /* may_be_none= */ !ret->spec_missing, ret_names, reterr);
}

int project_open_known(const ProjectRequest *request, char *const *operands, Project *ret, char ***ret_names,
                       Error *reterr) {
        int r = project_open(request, ret, reterr);

        if (r < 0)
                return r;
        project_load_if_possible(ret);
        return project_select_known(ret, operands, ret_names, reterr);
}

int project_open_records(const ProjectRequest *request, char *const *operands, bool follow, Project *ret,
                         char ***ret_names, Error *reterr) {
        int r = project_open_known(request, operands, ret, ret_names, reterr);

        if (r >= 0 && follow && ret->state.fd < 0)
                r = state_dir_make(&ret->state, reterr);
        return r;
}
