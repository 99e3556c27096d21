/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/port-clash.h"
#include "spec/port.h"

/* One address on which a port is bound. */
typedef struct Binding {
        const ContainerSpec *c;
        size_t index; /* in c->ports */
        size_t order; /* in the document */
        /* An automatic port cannot clash with another number; but the state remembers it by container,
         * container port and address, so these must be distinct. The first two scopes are the host's, since
         * the protocols have ports of their own; then each container has two. */
        size_t scope;
        uint16_t port;
        sa_family_t family;
        unsigned char address[sizeof(struct in6_addr)];
} Binding;

static void add_binding(Binding **bindings, size_t *n, const Spec *spec, size_t container, size_t index,
                        const char *address) {
        const Port *port = &spec->containers[container].ports[index];
        Binding *b = &(*bindings)[*n];

        *b = (Binding){
                .c = &spec->containers[container],
                .index = index,
                .order = *n,
                .scope = 2 * (port->host == 0 ? container + 1 : 0) + port->udp,
                .port = port->host == 0 ? port->container : port->host,
                .family = strchr(address, ':') ? AF_INET6 : AF_INET,
        };
        /* The address was canonical already; this cannot fail. */
        (void) inet_pton(b->family, address, b->address);
        (*n)++;
}

#define COMPARE(a, b)                                                                                       \
        if ((a) != (b))                                                                                     \
        return (a) < (b) ? -1 : 1

static int compare_bindings(const void *va, const void *vb) {
        const Binding *a = va, *b = vb;
        int r;

        COMPARE(a->scope, b->scope);
        COMPARE(a->port, b->port);
        COMPARE(a->family, b->family);
        r = memcmp(a->address, b->address, sizeof(a->address));
        if (r != 0)
                return r;
        COMPARE(a->order, b->order);
        return 0;
}

static size_t binding_element(const Binding *b) {
        return b->c->ports[b->index].element;
}

static int raise_binding(const Binding *a, const Binding *b, Error *reterr) {
        const Binding *first = a->order < b->order ? a : b, *second = first == a ? b : a;
        char address[INET6_ADDRSTRLEN];

        if (a->c->ports[a->index].host == 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ports[%zu]: container port %u has an automatic host port "
                                   "already, by containers.%s.ports[%zu]",
                                   second->c->name, binding_element(second), second->port, first->c->name,
                                   binding_element(first));
        (void) inet_ntop(second->family, second->address, address, sizeof(address));
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.ports[%zu]: host port %u on %s is taken already, by "
                           "containers.%s.ports[%zu]",
                           second->c->name, binding_element(second), second->port, address, first->c->name,
                           binding_element(first));
}

static bool same_port(const Binding *a, const Binding *b) {
        return a->scope == b->scope && a->port == b->port && a->family == b->family;
}

int ports_check(const Spec *spec, Error *reterr) {
        static const unsigned char any[sizeof(struct in6_addr)];
        _cleanup_free_ Binding *bindings = NULL;
        size_t n = 0, n_ports = 0;
        const Binding *first;

        for (size_t i = 0; i < spec->n_containers; i++)
                n_ports += spec->containers[i].n_ports;
        bindings = xnew0(Binding, n_ports * PORT_ADDRESSES_MAX);
        for (size_t i = 0; i < spec->n_containers; i++)
                for (size_t j = 0; j < spec->containers[i].n_ports; j++) {
                        const char *addresses[PORT_ADDRESSES_MAX];
                        size_t n_addresses = port_addresses(&spec->containers[i].ports[j], addresses);

                        for (size_t k = 0; k < n_addresses; k++)
                                add_binding(&bindings, &n, spec, i, j, addresses[k]);
                }
        qsort(bindings, n, sizeof(*bindings), compare_bindings);

        /* In a group of the same port and family 0.0.0.0 or :: sorts first, and overlaps all others. */
        first = bindings;
        for (const Binding *b = bindings + 1; b < bindings + n; b++) {
                if (!same_port(first, b)) {
                        first = b;
                        continue;
                }
                if (memcmp(first->address, any, sizeof(any)) == 0)
                        return raise_binding(first, b, reterr);
                if (memcmp(b[-1].address, b->address, sizeof(b->address)) == 0)
                        return raise_binding(b - 1, b, reterr);
        }
        return 0;
}
