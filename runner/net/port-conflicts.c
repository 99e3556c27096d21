/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "net/port-conflicts.h"
#include "net/ports.h"

void port_conflicts_add(PortConflicts *c, const char *container, const Port *port, Error *error) {
        PortConflict *conflict = XGROW(c->items, c->n);

        *conflict = (PortConflict){.container = container, .port = port, .error = ERROR_NULL};
        error_move(&conflict->error, error);
}

static bool port_conflicts_are_of_one(const PortConflicts *c) {
        for (size_t i = 1; i < c->n; i++)
                if (!streq(c->items[i].container, c->items[0].container))
                        return false;
        return true;
}

/* In the words of the specification. */
static void hint_free_port(const PortConflict *conflict, const char *who, uint16_t number, Error *reterr) {
        const char *address = conflict->port->address;
        bool is_ipv6 = address && strchr(address, ':');

        error_add_hint(reterr, "%s%u is free: publish the port as \"%s%s%s%s%u:%u%s\"", who, number,
                       is_ipv6 ? "[" : "", address ? address : "", is_ipv6 ? "]" : "", address ? ":" : "",
                       number, conflict->port->container, conflict->port->udp ? "/udp" : "");
}

/* None is offered twice. */
static void port_conflicts_add_hints(const PortConflicts *c, Error *reterr) {
        _cleanup_free_ PublishedPort *offered = xnew0(PublishedPort, c->n);
        bool one = port_conflicts_are_of_one(c);

        for (size_t i = 0; i < c->n; i++) {
                const PortConflict *conflict = &c->items[i];
                _cleanup_free_ char *who = one ? xstrdup("") : xasprintf("%s: ", conflict->container);

                offered[i] = PUBLISHED_PORT_NULL;
                if (port_find_free(conflict->port, &offered[i]))
                        hint_free_port(conflict, who, offered[i].host, reterr);
        }
        for (size_t i = 0; i < c->n; i++)
                published_port_done(&offered[i]);
}

int port_conflicts_raise(PortConflicts *c, Error *reterr) {
        bool one = port_conflicts_are_of_one(c);
        int r;

        if (c->n == 0)
                return 0;
        r = c->n > 1 ? error_raise(reterr, FC_EXIT_CONFLICT, "%zu ports are taken", c->n)
                     : error_raise(reterr, FC_EXIT_CONFLICT, "%s", c->items[0].error.message);
        for (size_t i = 0; c->n > 1 && i < c->n; i++)
                error_add_evidence(reterr, "%s%s%s", one ? "" : c->items[i].container, one ? "" : ": ",
                                   c->items[i].error.message);
        port_conflicts_add_hints(c, reterr);
        return one ? error_in_container(reterr, r, c->items[0].container) : r;
}

void port_conflicts_done(PortConflicts *c) {
        for (size_t i = 0; i < c->n; i++)
                error_done(&c->items[i].error);
        free(c->items);
        *c = PORT_CONFLICTS_NULL;
}
