/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "spec/profile.h"
#include "spec/value.h"

#define PROFILE_LENGTH_MAX 63

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const JsonShape profile_shape = JSON_STRING_LIKE("^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"),
                       profiles_shape = JSON_ARRAY_OF(profile_shape);

/* As compose has them. */
static int check_profile(const char *text, Error *reterr) {
        size_t n = strlen(text);

        if (n > 0 && n <= PROFILE_LENGTH_MAX && strspn(text, ALPHANUMERIC) > 0 &&
            strspn(text, ALPHANUMERIC "_.-") == n)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%.100s' is not a profile: 1 to %d letters, digits, '_', '.' and '-', beginning "
                           "with a letter or a digit",
                           text, PROFILE_LENGTH_MAX);
}

static int parse_profiles(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        int r = value_parse_strv(value, path, check_profile, &c->profiles, reterr);

        return r < 0 ? r : value_check_distinct(c->profiles, path, reterr);
}

static Json *print_profiles(const ContainerSpec *c) {
        return json_new_strv(c->profiles);
}

const SpecKey profiles_key = {
        .name = "profiles",
        .shape = &profiles_shape,
        .parse = parse_profiles,
        .print = print_profiles,
};

char **profiles_split(const char *list) {
        _cleanup_free_ char *text = xstrdup(list);
        char *rest = text, *word, **words = NULL;

        while ((word = strsep(&rest, ", ")))
                if (word[0] != '\0')
                        strv_push(&words, word);
        return words;
}

char **profiles_known(const Spec *spec) {
        char **known = NULL;

        for (size_t i = 0; i < spec->n_containers; i++)
                STRV_FOREACH (profile, spec->containers[i].profiles)
                        if (!strv_contains(known, *profile))
                                strv_push(&known, *profile);
        return known;
}

int profiles_check(const Spec *spec, char *const *selected, Error *reterr) {
        _cleanup_strv_ char **known = profiles_known(spec);

        STRV_FOREACH (profile, selected) {
                _cleanup_free_ char *list = NULL;
                const char *nearest;

                if (streq(*profile, PROFILE_ANY) || strv_contains(known, *profile))
                        continue;
                list = strv_join(known, ", ");
                nearest = suggest_name(*profile, known);
                (void) error_raise(reterr, FC_EXIT_USAGE, "no container has the profile '%.100s'", *profile);
                if (nearest)
                        error_add_hint(reterr, "did you mean '%s'?", nearest);
                error_add_hint(reterr, known ? "the profiles are: %s" : "no container has 'profiles'%s",
                               list);
                return -EINVAL;
        }
        return 0;
}

static bool is_chosen(const ContainerSpec *c, char *const *selected) {
        if (!c->profiles || strv_contains(selected, PROFILE_ANY))
                return true;
        STRV_FOREACH (profile, selected)
                if (strv_contains(c->profiles, *profile))
                        return true;
        return false;
}

char **profiles_choose(const Spec *spec, char *const *selected) {
        char **names = NULL;

        for (size_t i = 0; i < spec->n_containers; i++)
                if (is_chosen(&spec->containers[i], selected))
                        strv_push(&names, spec->containers[i].name);
        return names;
}
