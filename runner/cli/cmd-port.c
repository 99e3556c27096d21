/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "ops/running.h"
#include "ops/status-list.h"
#include "cli/verbs.h"
#include "spec/name.h"
#include "spec/port.h"

typedef struct PortOptions {
        bool all;
} PortOptions;

static const Option port_options[] = {
        {"all", 'a', OPTION_FLAG, offsetof(PortOptions, all), NULL,
         "Also further addresses of PORT, such as [::1]"},
};

/* Which are asked for; number 0: all of them. */
typedef struct Wanted {
        const char *socket; /* the name of one, or NULL */
        uint16_t number;
        bool tcp, udp;
} Wanted;

static int port_parse_operand(const char *text, Wanted *ret, Error *reterr) {
        const char *slash = strchr(text, '/');
        size_t n = slash ? (size_t) (slash - text) : strlen(text);

        if (text[strspn(text, "0123456789")] && name_check(text, "socket", NULL) >= 0) {
                ret->socket = text;
                return 0;
        }
        if (port_number_parse(text, n, text, &ret->number, NULL) < 0)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a port from 1 to 65535", text);
        ret->tcp = !slash || streq(slash, "/tcp");
        ret->udp = !slash || streq(slash, "/udp");
        return ret->tcp || ret->udp
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE, "'%s': a protocol is 'tcp' or 'udp'", text);
}

static bool is_wanted(const Wanted *wanted, const BoundPort *p) {
        return (wanted->number == 0 && !wanted->socket) ||
               (wanted->number == p->container && (p->udp ? wanted->udp : wanted->tcp));
}

static void print_one(const BoundPort *p, bool all) {
        _cleanup_free_ char *address = bound_port_address(p);

        if (all)
                (void) printf("%u%s -> ", p->container, bound_port_suffix(p));
        (void) puts(address);
}

/* Of one port the first, which is TCP's where there is one. */
static const BoundPort *first_wanted(const ContainerState *state, const Wanted *wanted) {
        const BoundPort *first = NULL;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];

                if (is_wanted(wanted, p) && (!first || (first->udp && !p->udp)))
                        first = p;
        }
        return first;
}

/* Return: how many. */
static size_t port_print_ports(const ContainerState *state, const Wanted *wanted, bool all) {
        size_t n = 0;

        if (wanted->number > 0 && !all) {
                const BoundPort *first = first_wanted(state, wanted);

                if (first)
                        print_one(first, /* all= */ false);
                return first != NULL;
        }
        for (size_t i = 0; i < state->n_ports; i++)
                if (is_wanted(wanted, &state->ports[i])) {
                        print_one(&state->ports[i], wanted->number == 0);
                        n++;
                }
        return n;
}

static bool socket_is_wanted(const Wanted *wanted, const BoundSocket *s) {
        return wanted->socket ? streq(wanted->socket, s->name) : wanted->number == 0;
}

/* Return: likewise. */
static size_t port_print_sockets(const ContainerState *state, const Wanted *wanted) {
        size_t n = 0;

        for (size_t i = 0; i < state->n_sockets; i++) {
                const BoundSocket *s = &state->sockets[i];

                if (!socket_is_wanted(wanted, s))
                        continue;
                if (!wanted->socket)
                        (void) printf("%s -> ", s->container);
                (void) puts(s->host);
                n++;
        }
        return n;
}

static size_t port_print_json(const ContainerState *state, const Wanted *wanted) {
        _cleanup_(json_freep) Json *array = json_new_array();
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];
                Json *o;

                if (!is_wanted(wanted, p))
                        continue;
                o = json_new_object();
                json_add_string(o, "address", p->address);
                json_add_uint(o, "host", p->host);
                json_add_uint(o, "container", p->container);
                json_add_string(o, "protocol", p->udp ? "udp" : "tcp");
                json_append(array, o);
                n++;
        }
        for (size_t i = 0; i < state->n_sockets; i++)
                if (socket_is_wanted(wanted, &state->sockets[i])) {
                        json_append(array, bound_socket_json(&state->sockets[i]));
                        n++;
                }
        text = json_print(array, /* pretty= */ false);
        if (n > 0 || (wanted->number == 0 && !wanted->socket))
                (void) puts(text);
        return n;
}

static int port_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const PortOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(status_list_done) StatusList list = {};
        char *const operand[] = {operands[0], NULL};
        _cleanup_strv_ char **names = NULL;
        const ContainerState *state;
        Wanted wanted = {};
        size_t n;
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
        n = request->globals->json
                    ? port_print_json(state, &wanted)
                    : port_print_ports(state, &wanted, o->all) + port_print_sockets(state, &wanted);
        if (operands[1] && n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "%s '%s' of container '%s' is not published",
                                   wanted.socket ? "socket" : "port", operands[1], operands[0]);
        return FC_EXIT_OK;
}

const Verb cmd_port = {
        .name = "port",
        .synopsis = "NAME [PORT[/udp]|SOCKET]",
        .summary = "Show where a container's ports are on this host",
        .options = port_options,
        .n_options = ELEMENTSOF(port_options),
        .target_size = sizeof(PortOptions),
        .min_operands = 1,
        .max_operands = 2,
        .in_instance = true,
        .run = port_run,
};
