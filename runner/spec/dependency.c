/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/dependency.h"
#include "spec/name.h"
#include "spec/value.h"

/* How many names of a circle are shown. */
#define CYCLE_NAMES_MAX 20

static const char *const need_words[_NEED_MAX] = {
        [NEED_STARTED] = "started",
        [NEED_READY] = "ready",
        [NEED_COMPLETED] = "completed",
};

static const JsonShape need_shape = JSON_ONE_OF_WORDS(need_words),
                       depends_on_shape = JSON_MAP_OF(name_shape, need_shape);

const char *dependency_need_to_string(DependencyNeed need) {
        return need_words[need];
}

static int parse_dependency(const Json *value, const char *path, void *ret, Error *reterr) {
        Dependency *dependency = ret;
        int r = value_parse_enum(value, path, need_words, ELEMENTSOF(need_words), reterr);

        if (r < 0)
                return r;
        *dependency = (Dependency){xstrdup(json_key(value)), (DependencyNeed) r};
        return 0;
}

static int parse_depends_on(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_dependency, &c->dependencies,
                                    &c->n_dependencies, reterr);
}

static Json *print_depends_on(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < c->n_dependencies; i++)
                json_add_string(json, c->dependencies[i].name, need_words[c->dependencies[i].need]);
        return json;
}

const SpecKey depends_on_key = {
        .name = "dependsOn",
        .shape = &depends_on_shape,
        .parse = parse_depends_on,
        .print = print_depends_on,
};

bool depends_on(const ContainerSpec *c, const char *name) {
        for (size_t i = 0; i < c->n_dependencies; i++)
                if (streq(c->dependencies[i].name, name))
                        return true;
        return false;
}

bool depends_on_ready(const ContainerSpec *c, const char *name) {
        for (size_t i = 0; i < c->n_dependencies; i++)
                if (streq(c->dependencies[i].name, name) && c->dependencies[i].need != NEED_STARTED)
                        return true;
        return false;
}

/* A walk from container to container, deep first. No recursion, and names are found by halving: a
 * specification may have 50,000 containers. */
typedef struct Walk {
        const Spec *spec;
        const ContainerSpec **by_name; /* all, sorted */
        const ContainerSpec **path;    /* the way to where we are */
        size_t *next;                  /* per step of it: the dependency to look at next */
        size_t depth;
        enum { UNSEEN, ON_PATH, DONE } * marks; /* per container */
} Walk;

static int compare_names(const void *a, const void *b) {
        const ContainerSpec *const *x = a, *const *y = b;

        return strcmp((*x)->name, (*y)->name);
}

static int compare_name(const void *name, const void *c) {
        return strcmp(name, (*(const ContainerSpec *const *) c)->name);
}

static void dependency_walk_init(Walk *w, const Spec *spec) {
        *w = (Walk){
                .spec = spec,
                .by_name = xnew0(const ContainerSpec *, spec->n_containers),
                .path = xnew0(const ContainerSpec *, spec->n_containers),
                .next = xnew0(size_t, spec->n_containers),
        };
        w->marks = xreallocarray0(spec->n_containers, sizeof(*w->marks));
        for (size_t i = 0; i < spec->n_containers; i++)
                w->by_name[i] = &spec->containers[i];
        qsort(w->by_name, spec->n_containers, sizeof(*w->by_name), compare_names);
}

static void dependency_walk_done(Walk *w) {
        free(w->by_name);
        free(w->path);
        free(w->next);
        free(w->marks);
}

static const ContainerSpec *dependency_walk_find(const Walk *w, const char *name) {
        const ContainerSpec *const *found =
                bsearch(name, w->by_name, w->spec->n_containers, sizeof(*w->by_name), compare_name);

        return found ? *found : NULL;
}

static int check_one(const Walk *w, const ContainerSpec *c, const Dependency *d, Error *reterr) {
        _cleanup_free_ char *parent = xasprintf("containers.%s.dependsOn", c->name),
                            *path = json_path_member(parent, d->name);
        const ContainerSpec *other = dependency_walk_find(w, d->name);

        if (!other)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: there is no such container", path);
        if (other == c)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: a container cannot wait for itself", path);
        if (c->shared && !other->shared)
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "%s: '%s' is shared by work trees, and '%s', which each has of its own, is not",
                        path, c->name, d->name);
        if (d->need == NEED_COMPLETED && !other->one_shot)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: '%s' is not expected to end: 'completed' takes one with 'oneShot'",
                                   path, d->name);
        if (d->need == NEED_READY && other->one_shot)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: '%s' is 'oneShot' and never ready: wait until it is 'completed'",
                                   path, d->name);
        return 0;
}

static void dependency_walk_enter(Walk *w, const ContainerSpec *c) {
        w->marks[c - w->spec->containers] = ON_PATH;
        w->path[w->depth] = c;
        w->next[w->depth++] = 0;
}

static int raise_cycle(const Walk *w, const ContainerSpec *again, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *chain = NULL;
        size_t first = 0;

        while (w->path[first] != again)
                first++;
        for (size_t i = first; i < w->depth && i < first + CYCLE_NAMES_MAX; i++)
                strv_push(&names, w->path[i]->name);
        if (w->depth > first + CYCLE_NAMES_MAX)
                strv_push(&names, "...");
        strv_push(&names, again->name);
        chain = strv_join(names, " -> ");
        return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.dependsOn: they wait for each other: %s",
                           again->name, chain);
}

/* Goes one step on. @ret_left: the container that was left for good, NULL: none was. */
static int dependency_walk_step(Walk *w, const ContainerSpec **ret_left, Error *reterr) {
        const ContainerSpec *c = w->path[w->depth - 1], *other;

        *ret_left = NULL;
        if (w->next[w->depth - 1] == c->n_dependencies) {
                w->marks[c - w->spec->containers] = DONE;
                w->depth--;
                *ret_left = c;
                return 0;
        }
        other = dependency_walk_find(w, c->dependencies[w->next[w->depth - 1]++].name);
        switch (w->marks[other - w->spec->containers]) {
        case UNSEEN:
                dependency_walk_enter(w, other);
                return 0;
        case ON_PATH:
                return raise_cycle(w, other, reterr);
        default:
                return 0;
        }
}

int dependencies_check(const Spec *spec, Error *reterr) {
        _cleanup_(dependency_walk_done) Walk walk = {0};
        const ContainerSpec *left;
        int r;

        dependency_walk_init(&walk, spec);
        for (size_t i = 0; i < spec->n_containers; i++)
                for (size_t j = 0; j < spec->containers[i].n_dependencies; j++) {
                        r = check_one(&walk, &spec->containers[i], &spec->containers[i].dependencies[j],
                                      reterr);
                        if (r < 0)
                                return r;
                }
        for (size_t i = 0; i < spec->n_containers; i++) {
                if (walk.marks[i] == UNSEEN)
                        dependency_walk_enter(&walk, &spec->containers[i]);
                while (walk.depth > 0) {
                        r = dependency_walk_step(&walk, &left, reterr);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

char **dependencies_order(const Spec *spec, char *const *names) {
        _cleanup_(dependency_walk_done) Walk walk = {0};
        const ContainerSpec *left;
        char **ordered = xnew0(char *, spec->n_containers + 1);
        size_t n = 0;

        dependency_walk_init(&walk, spec);
        STRV_FOREACH (name, names) {
                const ContainerSpec *c = dependency_walk_find(&walk, *name);

                if (walk.marks[c - spec->containers] == UNSEEN)
                        dependency_walk_enter(&walk, c);
                while (walk.depth > 0 && dependency_walk_step(&walk, &left, NULL) >= 0)
                        if (left)
                                ordered[n++] = xstrdup(left->name);
        }
        return ordered;
}
