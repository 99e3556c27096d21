/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/definition.h"
#include "plan/in-place.h"

#define KEY "ports["

/* ---- the ports of a definition ---- */

static const char *port_value(char *const *definition, size_t index, const char *key) {
        _cleanup_free_ char *path = xasprintf(KEY "%zu].%s", index, key);

        return definition_get(definition, path);
}

/* Return: whether there is one of that number. */
static bool port_read(char *const *definition, size_t index, Port *ret) {
        const char *container = port_value(definition, index, "container"),
                   *host = port_value(definition, index, "host"),
                   *protocol = port_value(definition, index, "protocol");

        if (!container || !host || !protocol)
                return false;
        *ret = (Port){
                .address = (char *) port_value(definition, index, "address"),
                .host = streq(host, "auto") ? 0 : (uint16_t) strtoul(host, NULL, 10),
                .container = (uint16_t) strtoul(container, NULL, 10),
                .udp = streq(protocol, "udp"),
                .proxy_protocol = port_value(definition, index, "proxyProtocol") != NULL,
        };
        return true;
}

static bool port_is_same(const Port *a, const Port *b) {
        return a->host == b->host && a->container == b->container && a->udp == b->udp &&
               a->proxy_protocol == b->proxy_protocol && streq_ptr(a->address, b->address);
}

bool in_place_has_port(char *const *running, const Port *port) {
        Port there;

        for (size_t i = 0; port_read(running, i, &there); i++)
                if (port_is_same(&there, port))
                        return true;
        return false;
}

void in_place_ports_gone(const ContainerPlan *p, char *const *running, Port **ret, size_t *ret_n) {
        Port *gone = NULL, port;
        size_t n = 0;

        for (size_t i = 0; port_read(running, i, &port); i++) {
                if (in_place_has_port(p->definition, &port))
                        continue;
                port.address = xstrdup(port.address);
                *XGROW(gone, n) = port;
        }
        *ret = gone;
        *ret_n = n;
}

void in_place_ports_free(Port *ports, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(ports[i].address);
        free(ports);
}

/* ---- the difference ---- */

static bool others_are_same(char *const *a, char *const *b) {
        STRV_FOREACH (line, a)
                if (!startswith(*line, KEY) && !strv_contains(b, *line))
                        return false;
        return true;
}

/* A keeper takes back what is bound to a port of the host, at whatever address. */
static bool host_port_stays(const Port *gone, const ContainerPlan *p) {
        for (size_t i = 0; i < p->spec->n_ports; i++) {
                const Port *new = &p->spec->ports[i];

                if (gone->host > 0 && new->host == gone->host &&new->udp == gone->udp)
                        return true;
        }
        return false;
}

static bool ports_suffice(const ContainerPlan *p, char *const *running, const Port *gone, size_t n) {
        for (size_t i = 0; i < p->spec->n_ports; i++)
                if (p->spec->ports[i].proxy_protocol && !in_place_has_port(running, &p->spec->ports[i]))
                        return false;
        for (size_t i = 0; i < n; i++)
                if (gone[i].udp || gone[i].proxy_protocol || host_port_stays(&gone[i], p))
                        return false;
        return true;
}

bool in_place_suffices(const ContainerPlan *p, char *const *running) {
        Port *gone;
        size_t n;
        bool yes;

        if (!others_are_same(running, p->definition) || !others_are_same(p->definition, running))
                return false;
        in_place_ports_gone(p, running, &gone, &n);
        yes = ports_suffice(p, running, gone, n);
        in_place_ports_free(gone, n);
        return yes;
}
