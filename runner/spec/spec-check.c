/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/capability.h"
#include "spec/dependency.h"
#include "spec/path.h"
#include "spec/spec-check.h"

/* One address on which a port is bound. */
typedef struct Binding {
        const ContainerSpec *c;
        size_t index; /* in c->ports */
        size_t order; /* in the document */
        /* An automatic port cannot clash with another number; but the state remembers it by container,
         * container port and address, so these must be distinct. Scope 0 is the host. */
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
                .scope = port->host == 0 ? container + 1 : 0,
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

static int raise_binding(const Binding *a, const Binding *b, Error *reterr) {
        const Binding *first = a->order < b->order ? a : b, *second = first == a ? b : a;
        char address[INET6_ADDRSTRLEN];

        if (a->scope > 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ports[%zu]: container port %u has an automatic host port "
                                   "already, by containers.%s.ports[%zu]",
                                   second->c->name, second->index, second->port, first->c->name,
                                   first->index);
        (void) inet_ntop(second->family, second->address, address, sizeof(address));
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.ports[%zu]: host port %u on %s is taken already, by "
                           "containers.%s.ports[%zu]",
                           second->c->name, second->index, second->port, address, first->c->name,
                           first->index);
}

static bool same_port(const Binding *a, const Binding *b) {
        return a->scope == b->scope && a->port == b->port && a->family == b->family;
}

static int check_ports(const Spec *spec, Error *reterr) {
        static const unsigned char any[sizeof(struct in6_addr)];
        _cleanup_free_ Binding *bindings = NULL;
        size_t n = 0, n_ports = 0;
        const Binding *first;

        for (size_t i = 0; i < spec->n_containers; i++)
                n_ports += spec->containers[i].n_ports;
        bindings = xnew0(Binding, n_ports * 2);
        for (size_t i = 0; i < spec->n_containers; i++)
                for (size_t j = 0; j < spec->containers[i].n_ports; j++) {
                        const char *address = spec->containers[i].ports[j].address;

                        add_binding(&bindings, &n, spec, i, j, address ? address : "127.0.0.1");
                        if (!address)
                                add_binding(&bindings, &n, spec, i, j, "::1");
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

/* Something that is mounted in the container. */
typedef struct Mount {
        const char *target;
        const char *key;
        size_t index;
        size_t order;
} Mount;

static int compare_mounts(const void *va, const void *vb) {
        const Mount *a = va, *b = vb;
        int r = strcmp(a->target, b->target);

        if (r != 0)
                return r;
        COMPARE(a->order, b->order);
        return 0;
}

/* The store is read-only, so a mount point in it can neither be made nor is it meant. */
static int check_outside_store(const ContainerSpec *c, const Mount *m, Error *reterr) {
        _cleanup_free_ char *store = c->toplevel ? container_spec_store(c) : NULL;

        if (!store || !path_is_within(m->target, store))
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.%s[%zu]: target '%.100s' is in the store '%.100s'", c->name,
                           m->key, m->index, m->target, store);
}

static int check_targets(const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ Mount *mounts = NULL;
        size_t n_tmpfs = strv_length(c->tmpfs), n = c->n_volumes + n_tmpfs;

        mounts = xnew0(Mount, n);
        for (size_t i = 0; i < c->n_volumes; i++)
                mounts[i] = (Mount){c->volumes[i].target, "volumes", i, i};
        for (size_t i = 0; i < n_tmpfs; i++)
                mounts[c->n_volumes + i] = (Mount){c->tmpfs[i], "tmpfs", i, c->n_volumes + i};
        for (size_t i = 0; i < n; i++) {
                int r = check_outside_store(c, &mounts[i], reterr);

                if (r < 0)
                        return r;
        }
        qsort(mounts, n, sizeof(*mounts), compare_mounts);
        for (size_t i = 1; i < n; i++)
                if (streq(mounts[i - 1].target, mounts[i].target))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.%s[%zu]: target '%.100s' is taken already, by "
                                           "containers.%s.%s[%zu]",
                                           c->name, mounts[i].key, mounts[i].index, mounts[i].target,
                                           c->name, mounts[i - 1].key, mounts[i - 1].index);
        return 0;
}

static int check_capability_list(const ContainerSpec *c, const char *key, char *const *names, uint64_t *seen,
                                 Error *reterr) {
        STRV_FOREACH (name, names) {
                unsigned number;
                int r;

                r = capability_from_string(*name, &number, reterr);
                if (r < 0)
                        return r;
                if (*seen & (UINT64_C(1) << number))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.capabilities.%s[%zu]: %s is named already",
                                           c->name, key, (size_t) (name - names), *name);
                *seen |= UINT64_C(1) << number;
        }
        return 0;
}

static int compare_paths(const void *a, const void *b) {
        const Device *const *x = a, *const *y = b;
        int r = strcmp((*x)->path, (*y)->path);

        if (r != 0)
                return r;
        COMPARE(*x, *y);
        return 0;
}

static int check_devices(const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ const Device **sorted = xnew0(const Device *, c->n_devices);

        for (size_t i = 0; i < c->n_devices; i++)
                sorted[i] = &c->devices[i];
        qsort(sorted, c->n_devices, sizeof(*sorted), compare_paths);
        for (size_t i = 1; i < c->n_devices; i++)
                if (streq(sorted[i - 1]->path, sorted[i]->path))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.devices[%zu]: '%.100s' is named already, by "
                                           "containers.%s.devices[%zu]",
                                           c->name, (size_t) (sorted[i] - c->devices), sorted[i]->path,
                                           c->name, (size_t) (sorted[i - 1] - c->devices));
        return 0;
}

static int check_units(const ContainerSpec *c, Error *reterr) {
        if (!c->ready_checks.units)
                return 0;
        if (c->command)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ready.units: a container with 'command' has no units",
                                   c->name);
        if (!c->ready_notify)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ready.units: with 'notify' false nobody tells when the "
                                   "units can be asked for",
                                   c->name);
        return 0;
}

/* It is never ready, so nothing would ever look at them. (`notify` has a default, and so is printed of any.)
 */
static int check_one_shot(const ContainerSpec *c, Error *reterr) {
        const ReadyChecks *checks = &c->ready_checks;
        const struct {
                const char *key;
                bool given;
        } keys[] = {
                {"units", checks->units},     {"tcp", checks->n_tcp > 0}, {"http", checks->n_http > 0},
                {"exec", checks->n_exec > 0}, {"unix", checks->sockets},
        };

        if (!c->one_shot)
                return 0;
        if (c->restart != RESTART_NO)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.restart: a container with 'oneShot' is run once", c->name);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (keys[i].given)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.ready.%s: a container with 'oneShot' is never "
                                           "ready, only completed",
                                           c->name, keys[i].key);
        return 0;
}

static int check_container(const ContainerSpec *c, Error *reterr) {
        uint64_t seen = 0;
        int r;

        if (c->n_ports > 0 && c->network == NETWORK_NONE)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ports: nothing can be published with network mode 'none'",
                                   c->name);
        if (c->n_ports > 0 && c->network == NETWORK_HOST)
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "containers.%s.ports: with network mode 'host' the service's own port is on "
                        "the host already",
                        c->name);
        r = check_units(c, reterr);
        if (r >= 0)
                r = check_targets(c, reterr);
        if (r < 0)
                return r;
        r = check_one_shot(c, reterr);
        if (r < 0)
                return r;
        r = check_devices(c, reterr);
        if (r < 0)
                return r;
        r = check_capability_list(c, "add", c->capabilities_add, &seen, reterr);
        if (r < 0)
                return r;
        return check_capability_list(c, "drop", c->capabilities_drop, &seen, reterr);
}

int spec_check(const Spec *spec, Error *reterr) {
        int r;

        for (size_t i = 0; i < spec->n_containers; i++) {
                r = check_container(&spec->containers[i], reterr);
                if (r < 0)
                        return r;
        }
        r = dependencies_check(spec, reterr);
        return r < 0 ? r : check_ports(spec, reterr);
}
