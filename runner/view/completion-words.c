/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "context/project-open.h"
#include "spec/port.h"
#include "spec/profile.h"
#include "state/generations.h"
#include "storage/snapshot.h"
#include "view/completion-words.h"
#include "view/unit-names.h"

static void print_ports_of(const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_ports; i++)
                (void) printf("%u%s\n", c->ports[i].container, c->ports[i].udp ? "/udp" : "");
}

static void print_units_of(const Project *project, const ContainerSpec *c) {
        _cleanup_strv_ char **units = unit_names_of(project, c);

        STRV_FOREACH (unit, units)
                (void) puts(*unit);
}

static int print_of_containers(const ProjectRequest *request, char *const *names, bool units,
                               Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **known = NULL;
        int r;

        r = project_open_known(request, NULL, &project, &known, reterr);
        for (size_t i = 0; r >= 0 && project.spec && i < project.spec->n_containers; i++) {
                const ContainerSpec *c = &project.spec->containers[i];

                if (names && names[0] && !strv_contains(names, c->name))
                        continue;
                if (units)
                        print_units_of(&project, c);
                else
                        print_ports_of(c);
        }
        return r < 0 ? r : 1;
}

static int print_generations_of(const Project *project, const char *name, char ***printed, Error *reterr) {
        _cleanup_(generations_done) Generations generations = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = state_dir_container_open(&project->state, name, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = generations_read(fd, &generations, reterr);
        for (size_t i = 0; r >= 0 && i < generations.n; i++) {
                _cleanup_free_ char *number = xasprintf("%u", generations.v[i].number);

                if (strv_contains(*printed, number))
                        continue;
                (void) puts(number);
                strv_push(printed, number);
        }
        return r;
}

/* @words: of a command line, in which other things stand as well. */
static int print_generations(const ProjectRequest *request, char *const *words, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **known = NULL, **named = NULL, **printed = NULL;
        int r;

        r = project_open_known(request, NULL, &project, &known, reterr);
        STRV_FOREACH (word, words)
                if (strv_contains(known, *word))
                        strv_push(&named, *word);
        STRV_FOREACH (name, named ? named : known)
                if (r >= 0)
                        r = print_generations_of(&project, *name, &printed, reterr);
        return r < 0 ? r : 1;
}

static int print_known_profiles(const ProjectRequest *request, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **profiles = NULL;
        int r = project_open(request, &project, reterr);

        if (r < 0)
                return r;
        /* Those of shared containers as well. */
        project_load_if_possible(&project);
        if (project.spec)
                profiles = profiles_known(project.spec);
        STRV_FOREACH (profile, profiles)
                (void) puts(*profile);
        return 1;
}

static int print_names(const ProjectRequest *request, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, NULL, &project, &names, reterr);
        STRV_FOREACH (name, names)
                (void) puts(*name);
        return r < 0 ? r : 1;
}

int completion_words_print(const ProjectRequest *request, const char *what, char *const *names,
                           Error *reterr) {
        int r;

        if (streq(what, "names"))
                return print_names(request, reterr);
        if (streq(what, "ports") || streq(what, "units"))
                return print_of_containers(request, names, streq(what, "units"), reterr);
        if (streq(what, "generations"))
                return print_generations(request, names, reterr);
        if (streq(what, "profiles"))
                return print_known_profiles(request, reterr);
        if (!streq(what, "labels"))
                return 0;
        r = snapshot_list_labels(request, reterr);
        return r < 0 ? r : 1;
}
