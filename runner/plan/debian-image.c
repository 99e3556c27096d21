/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/debian-image.h"

/* To be changed with whatever makes other images of the same definition. */
#define RECIPE "2"

static char **sorted(char *const *words) {
        char **copy = strv_copy(words);

        strv_sort(copy);
        return copy;
}

static char *join_components(const DebianSpec *debian) {
        return debian->components ? strv_join(debian->components, ",") : xstrdup("main");
}

char *debian_image_text(const DebianSpec *debian) {
        _cleanup_strv_ char **packages = sorted(debian->packages);
        _cleanup_free_ char *names = packages ? strv_join(packages, " ") : xstrdup(""),
                            *components = join_components(debian);

        return xasprintf("recipe " RECIPE "\nsuite %s\ncomponents %s\nmirror %s\npackages %s\n",
                         debian->suite, components, debian->mirror ? debian->mirror : "", names);
}

/* The suite itself, and what mends it. */
static bool is_of_suite(const char *release, const char *suite) {
        const char *rest = startswith(release, suite);

        return rest && (rest[0] == '\0' || streq(rest, "-updates") || streq(rest, "-security"));
}

static bool wants_component(const DebianSpec *debian, const char *component) {
        return debian->components ? strv_contains(debian->components, component) : streq(component, "main");
}

/* apt leaves a word that it does not know as it is. */
static void add_source(const DebianSpec *debian, char *line, char ***sources) {
        char *save = NULL, *uri = strtok_r(line, " ", &save), *release = strtok_r(NULL, " ", &save),
             *component = strtok_r(NULL, " ", &save), *keyring = strtok_r(NULL, " ", &save);
        _cleanup_free_ char *signed_by = NULL;

        if (!component || !is_of_suite(release, debian->suite) || !wants_component(debian, component))
                return;
        if (keyring && keyring[0] == '/')
                signed_by = xasprintf("[signed-by=%s] ", keyring);
        strv_pushf(sources, "deb %s%s %s %s", signed_by ? signed_by : "", uri, release, component);
}

char **debian_image_sources(const DebianSpec *debian, const char *indextargets) {
        _cleanup_free_ char *copy = xstrdup(indextargets ? indextargets : ""), *components = NULL;
        char **sources = NULL, *save = NULL;

        if (debian->mirror) {
                components = debian->components ? strv_join(debian->components, " ") : xstrdup("main");
                strv_pushf(&sources, "deb %s %s %s", debian->mirror, debian->suite, components);
                return sources;
        }
        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                add_source(debian, line, &sources);
        return sources;
}

char **debian_image_apt_options(const char *dump) {
        static const char *const wanted[] = {
                "Acquire::Check-Valid-Until ", "Acquire::Check-Date ", "Acquire::Retries ",
                "Acquire::ForceIPv",           "Acquire::http",        "Acquire::https"};
        _cleanup_free_ char *copy = xstrdup(dump ? dump : "");
        char **options = NULL, *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                        if (startswith(line, wanted[i]) && strlen(line) > 2 &&
                            streq(line + strlen(line) - 2, "\";") && !strv_contains(options, line))
                                strv_push(&options, line);
        return options;
}

char **debian_image_argv(const DebianSpec *debian, const char *program, const char *target,
                         char *const *apt_options, char *const *sources) {
        _cleanup_free_ char *packages = debian->packages ? strv_join(debian->packages, ",") : NULL,
                            *components = join_components(debian);
        char **argv = NULL;

        strv_push(&argv, program);
        strv_push(&argv, "--mode=root");
        strv_push(&argv, "--format=directory");
        strv_push(&argv, "--variant=apt");
        strv_pushf(&argv, "--include=systemd,systemd-sysv%s%s", packages ? "," : "",
                   packages ? packages : "");
        strv_pushf(&argv, "--components=%s", components);
        strv_push(&argv, "--dpkgopt=force-unsafe-io");
        /* A name that no package has would otherwise be a regular expression. */
        strv_push(&argv, "--aptopt=APT::Cmd::Pattern-Only \"true\"");
        STRV_FOREACH (option, apt_options)
                strv_pushf(&argv, "--aptopt=%s", *option);
        strv_push(&argv, debian->suite);
        strv_push(&argv, target);
        strv_extend(&argv, sources);
        return argv;
}
