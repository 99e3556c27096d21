/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "spec/name.h"
#include "spec/port.h"
#include "view/port-show.h"

int port_wanted_parse(const char *text, PortWanted *ret, Error *reterr) {
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

static bool port_wanted_is_all(const PortWanted *wanted) {
        return wanted->number == 0 && !wanted->socket;
}

static bool port_is_wanted(const PortWanted *wanted, const BoundPort *p) {
        return port_wanted_is_all(wanted) ||
               (wanted->number == p->container && (p->udp ? wanted->udp : wanted->tcp));
}

static void port_print_one(const BoundPort *p, bool all) {
        _cleanup_free_ char *address = bound_port_address(p);

        if (all)
                (void) printf("%u%s -> ", p->container, bound_port_suffix(p));
        (void) puts(address);
}

/* Of one port the first, which is TCP's where there is one. */
static const BoundPort *port_find_wanted(const ContainerState *state, const PortWanted *wanted) {
        const BoundPort *first = NULL;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];

                if (port_is_wanted(wanted, p) && (!first || (first->udp && !p->udp)))
                        first = p;
        }
        return first;
}

/* Return: how many. */
static size_t port_print_ports(const ContainerState *state, const PortWanted *wanted, bool all) {
        size_t n = 0;

        if (wanted->number > 0 && !all) {
                const BoundPort *first = port_find_wanted(state, wanted);

                if (first)
                        port_print_one(first, /* all= */ false);
                return first != NULL;
        }
        for (size_t i = 0; i < state->n_ports; i++)
                if (port_is_wanted(wanted, &state->ports[i])) {
                        port_print_one(&state->ports[i], wanted->number == 0);
                        n++;
                }
        return n;
}

static bool socket_is_wanted(const PortWanted *wanted, const BoundSocket *s) {
        return wanted->socket ? streq(wanted->socket, s->name) : wanted->number == 0;
}

/* Return: likewise. */
static size_t port_print_sockets(const ContainerState *state, const PortWanted *wanted) {
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

size_t port_wanted_print_json(const ContainerState *state, const PortWanted *wanted) {
        _cleanup_(json_freep) Json *array = json_new_array();
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];
                Json *o;

                if (!port_is_wanted(wanted, p))
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
        if (n > 0 || port_wanted_is_all(wanted))
                (void) puts(text);
        return n;
}

size_t port_wanted_print(const ContainerState *state, const PortWanted *wanted, bool all) {
        return port_print_ports(state, wanted, all) + port_print_sockets(state, wanted);
}
