/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "spec/debian.h"
#include "spec/value.h"

#define WORD_MAX     128
#define PACKAGES_MAX 512
#define MIRROR_MAX   1024

#define LOWER_AND_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

static bool debian_is_word(const char *text, const char *more) {
        _cleanup_free_ char *allowed = xasprintf(LOWER_AND_DIGITS "%s", more);
        size_t n = strlen(text);

        return n > 0 && n <= WORD_MAX && strchr(LOWER_AND_DIGITS, text[0]) && strspn(text, allowed) == n;
}

static int check_suite(const char *text, Error *reterr) {
        if (debian_is_word(text, "-."))
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' cannot name a release of Debian: allowed are a-z, 0-9, '-' and '.', as in "
                "'trixie'",
                text);
}

static int check_component(const char *text, Error *reterr) {
        if (debian_is_word(text, "-"))
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%.100s' cannot name a component: allowed are a-z, 0-9 and '-', as in 'contrib'",
                           text);
}

/* To apt a '-' at its end would ask to leave the package out. */
static int check_package(const char *text, Error *reterr) {
        size_t n = strlen(text);

        if (n >= 2 && debian_is_word(text, "+-.") && text[n - 1] != '-')
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' cannot name a package: at least two of a-z, 0-9, '+', '-' and '.', as in "
                "'postgresql'",
                text);
}

static int check_mirror(const char *text, Error *reterr) {
        static const char allowed[] = LOWER_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/:@%+,=";
        const char *rest = startswith(text, "http://");

        if (!rest)
                rest = startswith(text, "https://");
        if (rest && rest[0] && rest[0] != '/' && strspn(rest, allowed) == strlen(rest) &&
            strlen(text) <= MIRROR_MAX)
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' is not a mirror: it must be a plain URL, as 'https://deb.debian.org/debian'",
                text);
}

static int parse_suite(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_suite, &((DebianSpec *) target)->suite, reterr);
}

static int parse_mirror(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_mirror, &((DebianSpec *) target)->mirror, reterr);
}

/* Order does not matter to apt, and two are one. */
static int parse_words(const Json *value, const char *path, StringCheck check, char ***ret, Error *reterr) {
        _cleanup_strv_ char **words = NULL;
        int r;

        r = value_parse_strv(value, path, check, &words, reterr);
        if (r < 0)
                return r;
        if (strv_length(words) > PACKAGES_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: more than %d", path, PACKAGES_MAX);
        for (size_t i = 0; words && words[i]; i++)
                for (size_t k = 0; k < i; k++)
                        if (streq(words[i], words[k]))
                                return error_raise(reterr, FC_EXIT_USAGE, "%s[%zu]: '%s' is named twice",
                                                   path, i, words[i]);
        *ret = TAKE_PTR(words);
        return 0;
}

static int parse_packages(const Json *value, const char *path, void *target, Error *reterr) {
        return parse_words(value, path, check_package, &((DebianSpec *) target)->packages, reterr);
}

static int parse_components(const Json *value, const char *path, void *target, Error *reterr) {
        return parse_words(value, path, check_component, &((DebianSpec *) target)->components, reterr);
}

/* What their readers say better: patterns are for editors. */
static const JsonShape suite_shape = JSON_STRING_LIKE("^[a-z0-9][a-z0-9.-]{0,127}$");
static const JsonShape package_shape = JSON_STRING_LIKE("^[a-z0-9][a-z0-9+.-]{0,126}[a-z0-9+.]$");
static const JsonShape component_shape = JSON_STRING_LIKE("^[a-z0-9][a-z0-9-]{0,127}$");
static const JsonShape mirror_shape = JSON_STRING_LIKE("^https?://[^/]");
static const JsonShape packages_shape = JSON_ARRAY_OF(package_shape);
static const JsonShape components_shape = JSON_ARRAY_OF(component_shape);

static const JsonField debian_fields[] = {
        {"suite", parse_suite, .mandatory = true, .shape = &suite_shape},
        {"packages", parse_packages, .shape = &packages_shape},
        {"components", parse_components, .shape = &components_shape},
        {"mirror", parse_mirror, .shape = &mirror_shape},
};

const JsonShape debian_shape = JSON_OBJECT_OF(debian_fields);

int debian_parse(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        c->debian = xnew0(DebianSpec, 1);
        return json_dispatch(value, path, debian_fields, ELEMENTSOF(debian_fields), c->debian, reterr);
}

Json *debian_print(const DebianSpec *debian) {
        Json *json = json_new_object();

        json_add_string(json, "suite", debian->suite);
        json_add_strv(json, "packages", debian->packages);
        if (debian->components)
                json_add_strv(json, "components", debian->components);
        json_add_string(json, "mirror", debian->mirror);
        return json;
}

DebianSpec *debian_free(DebianSpec *debian) {
        if (!debian)
                return NULL;
        free(debian->suite);
        free(debian->mirror);
        strv_free(debian->packages);
        strv_free(debian->components);
        free(debian);
        return NULL;
}
