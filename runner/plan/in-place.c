/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/definition.h"
#include "plan/in-place.h"
#include "spec/resource.h"

#define KEY        "ports["
#define LIMITS_KEY "resources."

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

static void add_gone(const ContainerPlan *p, char *const *running, bool automatic, Port **gone, size_t *n) {
        Port port;

        for (size_t i = 0; port_read(running, i, &port); i++) {
                if ((port.host == 0) != automatic || in_place_has_port(p->definition, &port))
                        continue;
                port.address = xstrdup(port.address);
                *XGROW(*gone, *n) = port;
        }
}

void in_place_ports_gone(const ContainerPlan *p, char *const *running, Port **ret, size_t *ret_n) {
        Port *gone = NULL;
        size_t n = 0;

        add_gone(p, running, /* automatic= */ false, &gone, &n);
        add_gone(p, running, /* automatic= */ true, &gone, &n);
        *ret = gone;
        *ret_n = n;
}

void in_place_ports_free(Port *ports, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(ports[i].address);
        free(ports);
}

/* What follows the index of a line. Return: NULL: it is not of a port. */
static const char *line_of_port(const char *line, size_t *ret_index) {
        const char *number = startswith(line, KEY);
        char *end;

        if (!number)
                return NULL;
        *ret_index = strtoul(number, &end, 10);
        return end;
}

void in_place_forget_port(char ***running, const Port *port) {
        char **rest = NULL;

        STRV_FOREACH (line, *running) {
                size_t index = 0, before = 0;
                const char *key = line_of_port(*line, &index);
                Port there;

                if (!key) {
                        strv_push(&rest, *line);
                        continue;
                }
                if (port_read(*running, index, &there) && port_is_same(&there, port))
                        continue;
                for (size_t i = 0; i < index; i++)
                        before += port_read(*running, i, &there) && port_is_same(&there, port);
                strv_pushf(&rest, KEY "%zu%s", index - before, key);
        }
        strv_free(*running);
        *running = rest;
}

/* ---- its limits ---- */

static bool line_is_of_limits(const char *line) {
        return startswith(line, LIMITS_KEY) || streq(line, IN_PLACE_LIMITS_UNFINISHED);
}

static bool limits_are_in(char *const *a, char *const *b) {
        STRV_FOREACH (line, a)
                if (line_is_of_limits(*line) && !strv_contains(b, *line))
                        return false;
        return true;
}

bool in_place_limits_differ(const ContainerPlan *p, char *const *running) {
        return !limits_are_in(p->definition, running) || !limits_are_in(running, p->definition);
}

void in_place_limits(char *const *running, Resource **ret, size_t *ret_n) {
        Resource *limits = NULL;
        size_t n = 0;

        for (ResourceKind kind = 0; kind < _RESOURCE_KIND_MAX; kind++) {
                _cleanup_free_ char *path = xasprintf(LIMITS_KEY "%s", resource_kind_to_string(kind));
                const char *value = definition_get(running, path);

                if (value)
                        *XGROW(limits, n) = (Resource){kind, xstrdup(value)};
        }
        *ret = limits;
        *ret_n = n;
}

void in_place_limits_free(Resource *limits, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(limits[i].value);
        free(limits);
}

/* ---- the difference ---- */

static bool others_are_same(char *const *a, char *const *b) {
        STRV_FOREACH (line, a)
                if (!startswith(*line, KEY) && !line_is_of_limits(*line) && !strv_contains(b, *line))
                        return false;
        return true;
}

/* The new one cannot be bound where it is the same address, or one that covers it. */
static bool host_port_stays(const Port *gone, const ContainerPlan *p) {
        for (size_t i = 0; i < p->spec->n_ports; i++) {
                const Port *new = &p->spec->ports[i];

                if (gone->host > 0 && new->host == gone->host &&new->udp == gone->udp)
                        return true;
        }
        return false;
}

/* What remembers the ports that are bound does not tell which of them was an "auto" one. */
static bool is_mistakable(const Port *gone, const ContainerPlan *p, char *const *running) {
        Port there;

        for (size_t i = 0; gone->host == 0 && port_read(running, i, &there); i++)
                if (there.container == gone->container && there.udp == gone->udp &&
                    in_place_has_port(p->definition, &there))
                        return true;
        return false;
}

static bool ports_suffice(const ContainerPlan *p, char *const *running, const Port *gone, size_t n) {
        for (size_t i = 0; i < p->spec->n_ports; i++)
                if (p->spec->ports[i].proxy_protocol && !in_place_has_port(running, &p->spec->ports[i]))
                        return false;
        for (size_t i = 0; i < n; i++)
                if (gone[i].udp || gone[i].proxy_protocol || host_port_stays(&gone[i], p) ||
                    is_mistakable(&gone[i], p, running))
                        return false;
        return true;
}

static bool takes_ports(const ContainerPlan *p, char *const *running) {
        Port *gone;
        size_t n;
        bool yes;

        in_place_ports_gone(p, running, &gone, &n);
        yes = ports_suffice(p, running, gone, n);
        in_place_ports_free(gone, n);
        return yes;
}

bool in_place_suffices(const ContainerPlan *p, char *const *running) {
        return others_are_same(running, p->definition) && others_are_same(p->definition, running) &&
               takes_ports(p, running);
}

static bool line_is_adjusted(const char *line, bool ports) {
        return line_is_of_limits(line) || (ports && startswith(line, KEY));
}

char **in_place_adjusted(const ContainerPlan *p, char *const *running) {
        bool ports = takes_ports(p, running);
        char **adjusted = NULL;

        STRV_FOREACH (line, p->definition)
                if (line_is_adjusted(*line, ports) || strv_contains(running, *line))
                        strv_push(&adjusted, *line);
        STRV_FOREACH (line, running)
                if (!line_is_adjusted(*line, ports) && !strv_contains(p->definition, *line))
                        strv_push(&adjusted, *line);
        return adjusted;
}
