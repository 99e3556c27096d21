/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/size-text.h"
#include "base/time-text.h"
#include "view/status-judge.h"
#include "view/status-table.h"

/* ---- ports ---- */

/* Ports that count up together on one address, or on both families' of one kind. */
typedef struct PortRun {
        const BoundPort *first;
        const char *place; /* what stands before the number; NULL: the address */
        uint16_t n;
} PortRun;

static bool is_same_port(const BoundPort *a, const BoundPort *b) {
        return a->host == b->host && a->container == b->container && a->udp == b->udp;
}

/* Of the pair that one published port has by itself, the IPv6 half stands for nothing of its own. */
static bool has_twin(const ContainerState *state, const BoundPort *p, const char *address,
                     const char *other) {
        if (!streq(p->address, address))
                return false;
        for (size_t i = 0; i < state->n_ports; i++)
                if (streq(state->ports[i].address, other) && is_same_port(p, &state->ports[i]))
                        return true;
        return false;
}

static bool is_second_half(const ContainerState *state, const BoundPort *p) {
        return has_twin(state, p, "::1", "127.0.0.1") || has_twin(state, p, "::", "0.0.0.0");
}

static const char *place_of(const ContainerState *state, const BoundPort *p) {
        if (has_twin(state, p, "127.0.0.1", "::1"))
                return "";
        return has_twin(state, p, "0.0.0.0", "::") ? "*:" : NULL;
}

static bool continues(const PortRun *run, const BoundPort *p, const char *place) {
        const BoundPort *first = run->first;

        return first->udp == p->udp && (place ? streq_ptr(place, run->place) : !run->place) &&
               (place || streq(first->address, p->address)) && p->host == first->host + run->n &&
               p->container == first->container + run->n;
}

static void push_run(char ***ports, const PortRun *run) {
        const BoundPort *p = run->first;
        bool v6 = strchr(p->address, ':');
        _cleanup_free_ char *place =
                run->place ? xstrdup(run->place)
                           : xasprintf("%s%s%s:", v6 ? "[" : "", p->address, v6 ? "]" : "");

        if (run->n == 1)
                strv_pushf(ports, "%s%u->%u%s", place, p->host, p->container, bound_port_suffix(p));
        else
                strv_pushf(ports, "%s%u-%u->%u-%u%s", place, p->host, p->host + run->n - 1, p->container,
                           p->container + run->n - 1, bound_port_suffix(p));
}

char *status_ports_text(const ContainerState *state) {
        _cleanup_free_ PortRun *runs = NULL;
        _cleanup_strv_ char **ports = NULL;
        size_t n = 0;

        for (size_t i = 0; state && i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];
                const char *place = place_of(state, p);
                size_t k = 0;

                if (is_second_half(state, p))
                        continue;
                while (k < n && !continues(&runs[k], p, place))
                        k++;
                if (k == n)
                        *XGROW(runs, n) = (PortRun){.first = p, .place = place};
                runs[k].n++;
        }
        for (size_t i = 0; i < n; i++)
                push_run(&ports, &runs[i]);
        for (size_t i = 0; state && i < state->n_sockets; i++)
                strv_push(&ports, state->sockets[i].host);
        return ports ? strv_join(ports, " ") : NULL;
}

/* ---- the table ---- */

static const char *colour_of(Phase phase) {
        if (phase == PHASE_DEGRADED || phase == PHASE_FROZEN)
                return TABLE_YELLOW;
        return phase_is_failure(phase) ? TABLE_RED : NULL;
}

typedef struct Column {
        const char *header;
        bool wide, size; /* only with -o wide, or --size */
} Column;

enum {
        NAME,
        STATE,
        READY,
        UPTIME,
        RESTARTS,
        PORTS,
        MEM,
        MACHINE,
        ADDRESS,
        NOTE,
        SIZE,
        VOLUMES,
        _COLUMN_MAX
};

static const Column columns[_COLUMN_MAX] = {
        [NAME] = {"NAME"},
        [STATE] = {"STATE"},
        [READY] = {"READY"},
        [UPTIME] = {"UPTIME"},
        [RESTARTS] = {"RESTARTS"},
        [PORTS] = {"PORTS"},
        [MEM] = {"MEM"},
        [MACHINE] = {"MACHINE", .wide = true},
        [ADDRESS] = {"ADDRESS", .wide = true},
        [NOTE] = {"NOTE"},
        [SIZE] = {"SIZE", .size = true},
        [VOLUMES] = {"VOLUMES", .size = true},
};

/* Only those that are shown. @ret: ends with NULL */
static void select_columns(const char *const *all, bool wide, bool size, const char **ret) {
        size_t n = 0;

        for (size_t i = 0; i < _COLUMN_MAX; i++)
                if ((wide || !columns[i].wide) && (size || !columns[i].size))
                        ret[n++] = all[i];
        ret[n] = NULL;
}

static void add_row(Table *table, const StatusList *list, const ContainerStatus *c, bool wide,
                    uint64_t now) {
        _cleanup_free_ char *ports = c->running ? status_ports_text(c->state) : NULL;
        _cleanup_strv_ char **all = status_notes(c, now);
        _cleanup_free_ char *notes = all ? strv_join(all, "; ") : NULL;
        _cleanup_free_ char *volumes = container_size_volumes_text(&c->size);
        _cleanup_free_ char *restarts =
                c->running || c->crashes.restarts > 0 ? xasprintf("%u", c->crashes.restarts) : NULL;
        char uptime[FORMAT_DURATION_MAX] = "", size[FORMAT_SIZE_MAX], memory[FORMAT_SIZE_MAX] = "";
        const char *cells[_COLUMN_MAX + 1], *shown[_COLUMN_MAX + 1];

        if (c->since_usec > 0 && now > c->since_usec)
                (void) format_duration(uptime, now - c->since_usec);
        if (c->memory > 0)
                (void) format_size(memory, c->memory);
        cells[NAME] = c->name;
        cells[STATE] = phase_to_string(c->phase);
        cells[READY] = c->running ? (c->ready ? "yes" : "no") : NULL;
        cells[UPTIME] = uptime;
        cells[RESTARTS] = restarts;
        cells[PORTS] = ports;
        cells[MEM] = memory;
        cells[MACHINE] = c->machine;
        cells[ADDRESS] = c->running && c->state ? c->state->address : NULL;
        cells[NOTE] = notes;
        cells[SIZE] = format_size(size, c->size.all);
        cells[VOLUMES] = volumes;
        select_columns(cells, wide, list->measured, shown);
        table_add_row(table, shown);
        table_colour(table, STATE, colour_of(c->phase));
}

Table *status_table(const StatusList *list, bool wide, uint64_t now) {
        const char *headers[_COLUMN_MAX + 1], *shown[_COLUMN_MAX + 1];
        Table *table;

        for (size_t i = 0; i < _COLUMN_MAX; i++)
                headers[i] = columns[i].header;
        select_columns(headers, wide, list->measured, shown);
        table = table_new(shown);
        for (size_t i = 0; i < list->n; i++)
                add_row(table, list, &list->entries[i], wide, now);
        return table;
}

int status_list_print(const StatusList *list, bool wide, Error *reterr) {
        _cleanup_(table_freep) Table *table = status_table(list, wide, realtime_usec());
        Output output;
        int r;

        output_probe(STDOUT_FILENO, &output);
        r = table_print_fitting(table, stdout, &output);
        return r < 0 ? error_set(reterr, r, "print the status") : 0;
}
