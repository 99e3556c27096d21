/* SPDX-License-Identifier: MIT */

/* The part of session.h that is about names: which containers a verb is to work on. */

#include "base/alloc.h"
#include "ops/session.h"
#include "spec/name.h"

static int select_from(char *const *all, char *const *names, const Session *s, char ***ret_names,
                       Error *reterr) {
        _cleanup_strv_ char **selected = NULL;

        STRV_FOREACH (name, names) {
                if (!strv_contains(all, *name)) {
                        _cleanup_free_ char *list = strv_join(all, ", ");

                        (void) error_raise(reterr, FC_EXIT_USAGE, "no container '%s' in '%s'", *name,
                                           s->spec_path);
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

static char **spec_names(const Session *s) {
        char **all = NULL;

        for (size_t i = 0; s->spec && i < s->spec->n_containers; i++)
                strv_push(&all, s->spec->containers[i].name);
        return all;
}

int session_select(const Session *s, char *const *names, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = spec_names(s);

        return select_from(all, names, s, ret_names, reterr);
}

int session_open_selected(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                          Error *reterr) {
        int r;

        r = session_open(globals, ret, reterr);
        if (r >= 0)
                r = session_load_spec(ret, reterr);
        return r < 0 ? r : session_select(ret, operands, ret_names, reterr);
}

int session_known_names(const Session *s, char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = spec_names(s), **stored = NULL;
        int r = state_dir_list(&s->state, &stored, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, stored)
                if (!strv_contains(all, *name))
                        strv_push(&all, *name);
        *ret = TAKE_PTR(all);
        return 0;
}

/* Whether it can be a container's name. No specification says more; the verb tells what it finds. */
static int check_unknown(Session *s, const char *name, Error *reterr) {
        if (error_is_set(&s->spec_error) && !s->spec_missing) {
                error_move(reterr, &s->spec_error);
                return -EINVAL;
        }
        return name_check(name, "container", reterr);
}

static int select_known(Session *s, char *const *names, bool may_be_none, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **all = NULL;
        int r = session_known_names(s, &all, reterr);

        if (r < 0)
                return r;
        if (!s->spec)
                STRV_FOREACH (name, names) {
                        if (strv_contains(all, *name))
                                continue;
                        r = check_unknown(s, *name, reterr);
                        if (r < 0)
                                return r;
                        strv_push(&all, *name);
                }
        /* There is nothing to work on, and this is why. */
        if (!all && !may_be_none && error_is_set(&s->spec_error)) {
                error_move(reterr, &s->spec_error);
                return -ENOENT;
        }
        return select_from(all, names, s, ret_names, reterr);
}

int session_select_known(Session *s, char *const *names, char ***ret_names, Error *reterr) {
        return select_known(s, names, /* may_be_none= */ false, ret_names, reterr);
}

int session_open_stoppable(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                           Error *reterr) {
        int r = session_open(globals, ret, reterr);

        if (r < 0)
                return r;
        session_load_if_possible(ret);
        return select_known(ret, operands, /* may_be_none= */ !ret->spec_missing, ret_names, reterr);
}

int session_open_known(const Globals *globals, char *const *operands, Session *ret, char ***ret_names,
                       Error *reterr) {
        int r = session_open(globals, ret, reterr);

        if (r < 0)
                return r;
        session_load_if_possible(ret);
        return session_select_known(ret, operands, ret_names, reterr);
}

int session_open_records(const Globals *globals, char *const *operands, bool follow, Session *ret,
                         char ***ret_names, Error *reterr) {
        int r = session_open_known(globals, operands, ret, ret_names, reterr);

        if (r >= 0 && follow && ret->state.fd < 0)
                r = state_dir_make(&ret->state, reterr);
        return r;
}
