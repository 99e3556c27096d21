/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "ops/running.h"
#include "ops/status-list.h"
#include "cli/verbs.h"
#include "spec/port.h"

static int port_parse_operand(const char *text, uint16_t *ret, Error *reterr) {
        if (port_number_parse(text, strlen(text), text, ret, NULL) < 0)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a port from 1 to 65535", text);
        return 0;
}

static void print_one(const BoundPort *p, bool all) {
        _cleanup_free_ char *address = bound_port_address(p);

        if (all)
                (void) printf("%u -> ", p->container);
        (void) puts(address);
}

static void port_print_json(const ContainerState *state, uint16_t wanted) {
        _cleanup_(json_freep) Json *array = json_new_array();
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];
                Json *o;

                if (wanted > 0 && p->container != wanted)
                        continue;
                o = json_new_object();
                json_add_string(o, "address", p->address);
                json_add_uint(o, "host", p->host);
                json_add_uint(o, "container", p->container);
                json_append(array, o);
        }
        text = json_print(array, /* pretty= */ false);
        (void) puts(text);
}

static int port_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(status_list_done) StatusList list = {};
        char *const operand[] = {operands[0], NULL};
        _cleanup_strv_ char **names = NULL;
        const ContainerState *state;
        uint16_t wanted = 0;
        size_t n = 0;
        int r;

        r = operands[1] ? port_parse_operand(operands[1], &wanted, reterr) : 0;
        if (r < 0)
                return r;
        r = project_open_known(request, operand, &project, &names, reterr);
        if (r >= 0)
                r = status_list_gather(&project, names, &list, reterr);
        if (r < 0)
                return r;
        state = list.entries[0].state;
        if (!list.entries[0].running || !state)
                return running_raise_not(&project, operands[0], reterr);
        for (size_t i = 0; i < state->n_ports; i++)
                if (wanted == 0 || state->ports[i].container == wanted) {
                        if (!request->globals->json)
                                print_one(&state->ports[i], wanted == 0);
                        n++;
                }
        if (wanted > 0 && n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "port %u of container '%s' is not published",
                                   wanted, operands[0]);
        if (request->globals->json)
                port_print_json(state, wanted);
        return FC_EXIT_OK;
}

const Verb cmd_port = {
        .name = "port",
        .synopsis = "NAME [PORT]",
        .summary = "Show where a container's ports are on this host",
        .min_operands = 1,
        .max_operands = 2,
        .run = port_run,
};
