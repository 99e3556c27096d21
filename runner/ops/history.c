/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/time-text.h"
#include "ops/history.h"
#include "screen/table.h"
#include "spec/path.h"
#include "state/generations.h"

/* ---- what there is ---- */

typedef struct History {
        Generations generations;
        unsigned current; /* 0: not known */
        bool settled;     /* that is what runs, or ran last */
} History;

static void history_done(History *h) {
        generations_done(&h->generations);
}

static int history_read(const Project *project, const char *name, History *ret, Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = project_load_state(project, name, &state, reterr);
        if (r >= 0)
                r = state_dir_container_open(&project->state, name, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = generations_read(fd, &ret->generations, reterr);
        if (r < 0)
                return r;
        if (!state)
                return 0;
        ret->current = state->generation;
        /* What was never ready is none of them, and neither is what a switch has left half done. */
        ret->settled = state->generation > 0 && !state->switching;
        return 0;
}

/* ---- showing it ---- */

static int history_print_json(const History *h, Error *reterr) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *list = json_new_array();

        for (size_t i = h->generations.n; i-- > 0;) {
                const Generation *g = &h->generations.v[i];
                Json *o = json_new_object();
                char time[TIMESTAMP_MAX];

                json_add_uint(o, "generation", g->number);
                json_add_string(o, "readySince", timestamp_format(time, g->usec));
                json_add_string(o, "toplevel", g->toplevel);
                json_add_bool(o, "current", g->number == h->current);
                json_append(list, o);
        }
        json_add(document, "generations", list);
        text = json_print(document, /* pretty= */ true);
        return puts(text) < 0 ? error_set(reterr, errno, "print the generations") : FC_EXIT_OK;
}

static int history_print_table(const History *h, Error *reterr) {
        static const char *const headers[] = {"GENERATION", "FIRST READY", "CURRENT", "SYSTEM", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        int r;

        for (size_t i = h->generations.n; i-- > 0;) {
                const Generation *g = &h->generations.v[i];
                _cleanup_free_ char *number = xasprintf("%u", g->number);
                char time[TIMESTAMP_MAX];
                const char *cells[] = {
                        number,
                        timestamp_format(time, g->usec),
                        g->number == h->current ? "yes" : NULL,
                        g->toplevel,
                };

                table_add_row(table, cells);
        }
        r = table_print(table, stdout);
        return r < 0 ? error_set(reterr, r, "print the generations") : FC_EXIT_OK;
}

int history_print(const Project *project, const char *name, Error *reterr) {
        _cleanup_(history_done) History h = {};
        int r = history_read(project, name, &h, reterr);

        if (r < 0)
                return r;
        return project->globals->json ? history_print_json(&h, reterr) : history_print_table(&h, reterr);
}

/* ---- going back ---- */

static int refuse_number(const History *h, const char *to, Error *reterr) {
        _cleanup_strv_ char **numbers = NULL;
        _cleanup_free_ char *list = NULL;

        for (size_t i = 0; i < h->generations.n; i++)
                strv_pushf(&numbers, "%u", h->generations.v[i].number);
        list = strv_join(numbers, ", ");
        return error_raise(reterr, FC_EXIT_USAGE, "--to: '%s': must be one of %s", to, list);
}

static int choose(const History *h, const char *to, const Generation **ret, Error *reterr) {
        const Generations *g = &h->generations;
        bool number = to && to[0] && strlen(to) < 10 && strspn(to, "0123456789") == strlen(to);
        unsigned current = h->current;

        if (g->n == 0)
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "it has no generations: it was never ready with a 'system.toplevel'");
        if (to) {
                *ret = number ? generations_find(g, (unsigned) strtoul(to, NULL, 10)) : NULL;
                return *ret ? 0 : refuse_number(h, to, reterr);
        }
        if (!h->settled) {
                *ret = current > 0 ? generations_find(g, current) : NULL;
                *ret = *ret ? *ret : &g->v[g->n - 1];
                return 0;
        }
        *ret = generations_before(g, current);
        return *ret ? 0
                    : error_raise(reterr, FC_EXIT_CONFLICT,
                                  "it has no generation before %u, which is current", current);
}

/* Its init is where the specified one is. */
static int replace_system(ContainerSpec *c, const char *toplevel, Error *reterr) {
        char *init = NULL;
        int r;

        if (!c->toplevel)
                return error_raise(reterr, FC_EXIT_CONFLICT, "it is not specified with a 'system.toplevel'");
        if (container_spec_closure(c))
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "its store is 'closure', and of an earlier system that is not known");
        r = path_check_store_path(toplevel, reterr);
        if (r < 0)
                return r;
        if (c->init && !path_is_within(c->init, c->toplevel))
                return error_raise(reterr, FC_EXIT_CONFLICT, "its init '%s' is not in its 'system.toplevel'",
                                   c->init);
        if (c->init)
                init = xasprintf("%s%s", toplevel, c->init + strlen(c->toplevel));
        free(c->init);
        c->init = init;
        free(c->toplevel);
        c->toplevel = xstrdup(toplevel);
        return 0;
}

int rollback_prepare(Project *project, const char *name, const char *to, unsigned *ret_number,
                     Error *reterr) {
        _cleanup_(history_done) History h = {};
        const Generation *g = NULL;
        int r = history_read(project, name, &h, reterr);

        if (r < 0)
                return r;
        r = choose(&h, to, &g, reterr);
        for (size_t i = 0; r >= 0 && i < project->spec->n_containers; i++)
                if (streq(project->spec->containers[i].name, name))
                        r = replace_system(&project->spec->containers[i], g->toplevel, reterr);
        if (r < 0)
                return error_in_container(reterr, r, name);
        *ret_number = g->number;
        return 0;
}
