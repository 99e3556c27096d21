/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "context/shared.h"
#include "enter/environment.h"
#include "running/connection.h"
#include "running/running.h"
#include "spec/export.h"

/* What a unit serves, by the beginning of its name, and where. */
static const struct {
        const char *unit, *scheme;
        uint16_t port;
} services[] = {
        {"apache2", "http", 80},
        {"caddy", "http", 80},
        {"clickhouse", "clickhouse", 9000},
        {"consul", "http", 8500},
        {"elasticsearch", "http", 9200},
        {"etcd", "http", 2379},
        {"httpd", "http", 80},
        {"mariadb", "mysql", 3306},
        {"memcached", "memcached", 11211},
        {"minio", "http", 9000},
        {"mongod", "mongodb", 27017},
        {"mongodb", "mongodb", 27017},
        {"mosquitto", "mqtt", 1883},
        {"mysql", "mysql", 3306},
        {"mysqld", "mysql", 3306},
        {"nats", "nats", 4222},
        {"nginx", "http", 80},
        {"opensearch", "http", 9200},
        {"postgresql", "postgres", 5432},
        {"rabbitmq", "amqp", 5672},
        {"redis", "redis", 6379},
        {"valkey", "redis", 6379},
        {"vault", "http", 8200},
};

/* "web-2" is WEB_2. */
static char *upper(const char *name) {
        char *text = xstrdup(name);

        for (char *p = text; *p; p++)
                *p = *p == '-' ? '_' : (char) toupper((unsigned char) *p);
        return text;
}

/* What begins with a digit could not name a variable. */
static char *prefix_of(const char *name) {
        _cleanup_free_ char *text = upper(name);

        return xasprintf("%s%s", isdigit((unsigned char) name[0]) ? "_" : "", text);
}

/* More programs know IPv4, and what is known by one number is known for TCP. */
static int preference(const BoundPort *p) {
        return (p->udp ? 0 : 2) + (strchr(p->address, ':') ? 0 : 1);
}

/* Where a port of the container is on the host; @container 0: its first. */
static const BoundPort *find_port(const ContainerState *state, uint16_t container) {
        const BoundPort *found = NULL;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];

                if (container == 0)
                        container = p->container;
                if (p->container == container && (!found || preference(p) > preference(found)))
                        found = p;
        }
        return found;
}

/* All addresses of the host are none to connect to. */
static const char *reachable(const char *address) {
        return streq(address, "0.0.0.0") ? "127.0.0.1" : streq(address, "::") ? "::1" : address;
}

/* NULL: it is not reached. */
static const char *host_of(const ContainerSpec *spec, const ContainerState *state, const BoundPort *port) {
        if (port)
                return reachable(port->address);
        return spec && spec->network == NETWORK_HOST ? "127.0.0.1" : state->address;
}

static char *host_in_url(const char *host) {
        return strchr(host, ':') ? xasprintf("[%s]", host) : xstrdup(host);
}

static bool is_unit_of(const char *unit, const char *service) {
        const char *rest = startswith(unit, service);

        return rest && strchr(".@-", *rest);
}

/* @ret_port: in the container. */
static const char *find_service(const ContainerSpec *spec, uint16_t *ret_port) {
        char *const *const lists[] = {spec->ready_checks.units, spec->environment_units};

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH (unit, lists[i])
                        for (size_t j = 0; j < ELEMENTSOF(services); j++)
                                if (is_unit_of(*unit, services[j].unit)) {
                                        *ret_port = services[j].port;
                                        return services[j].scheme;
                                }
        return NULL;
}

static bool has_one_port(const ContainerState *state) {
        for (size_t i = 1; i < state->n_ports; i++)
                if (state->ports[i].container != state->ports[0].container)
                        return false;
        return state->n_ports > 0;
}

/* A service may be told to use another port than it is known for. */
static char *url_of(const ContainerSpec *spec, const ContainerState *state) {
        _cleanup_free_ char *host = NULL;
        const BoundPort *port;
        const char *scheme;
        uint16_t number;

        scheme = find_service(spec, &number);
        if (!scheme)
                return NULL;
        if (spec->network == NETWORK_HOST)
                return xasprintf("%s://127.0.0.1:%u", scheme, number);
        port = find_port(state, number);
        if (!port && has_one_port(state))
                port = find_port(state, 0);
        if (!port || port->udp)
                return NULL;
        host = host_in_url(reachable(port->address));
        return xasprintf("%s://%s:%u", scheme, host, port->host);
}

/* Return: the value, or NULL when what runs has no such port yet. */
static char *expand(const char *template, const char *name, const ContainerSpec *spec,
                    const ContainerState *state) {
        char *value = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&value, &size);
        bool known = true;
        ExportPart part;

        if (!f)
                abort();
        while (known && export_next(&template, &part, NULL) > 0) {
                const BoundPort *port = find_port(state, part.port);
                const char *host = host_of(spec, state, find_port(state, 0));
                _cleanup_free_ char *shown = host ? host_in_url(host) : NULL;

                switch (part.kind) {
                case EXPORT_TEXT:
                        (void) fwrite(part.text, 1, part.size, f);
                        break;
                case EXPORT_NAME:
                        (void) fputs(name, f);
                        break;
                case EXPORT_HOST:
                        known = shown;
                        (void) fputs(known ? shown : "", f);
                        break;
                case EXPORT_PORT:
                        known = port;
                        (void) fprintf(f, "%u", known ? port->host : 0);
                        break;
                }
        }
        if (fclose(f) != 0)
                abort();
        if (!known) {
                free(value);
                return NULL;
        }
        return value;
}

static void add_ports(const char *prefix, const ContainerState *state, char ***ret) {
        _cleanup_free_ bool *seen = xnew0(bool, UINT16_MAX + 1);

        strv_pushf(ret, "%s_PORT=%u", prefix, find_port(state, 0)->host);
        if (has_one_port(state))
                return;
        for (size_t i = 0; i < state->n_ports; i++) {
                const uint16_t container = state->ports[i].container;

                if (!seen[container])
                        strv_pushf(ret, "%s_PORT_%u=%u", prefix, container,
                                   find_port(state, container)->host);
                seen[container] = true;
        }
}

static void add_sockets(const char *prefix, const ContainerState *state, char ***ret) {
        strv_pushf(ret, "%s_SOCKET=%s", prefix, state->sockets[0].host);
        for (size_t i = 0; state->n_sockets > 1 && i < state->n_sockets; i++) {
                _cleanup_free_ char *name = upper(state->sockets[i].name);

                strv_pushf(ret, "%s_SOCKET_%s=%s", prefix, name, state->sockets[i].host);
        }
}

static void add_exports(const char *name, const ContainerSpec *spec, const ContainerState *state,
                        char ***ret) {
        STRV_FOREACH (export, spec->exports) {
                int n = (int) strcspn(*export, "=");
                _cleanup_free_ char *value = expand(*export + n + 1, name, spec, state);

                if (value)
                        strv_pushf(ret, "%.*s=%s", n, *export, value);
        }
}

void connection_variables(const char *name, const ContainerSpec *spec, const ContainerState *state,
                          char ***found, char ***exported) {
        const char *host = host_of(spec, state, find_port(state, 0));
        _cleanup_free_ char *prefix = prefix_of(name), *url = spec ? url_of(spec, state) : NULL;

        if (host)
                strv_pushf(found, "%s_HOST=%s", prefix, host);
        if (state->n_ports > 0)
                add_ports(prefix, state, found);
        if (state->n_sockets > 0)
                add_sockets(prefix, state, found);
        if (url)
                strv_pushf(found, "%s_URL=%s", prefix, url);
        if (spec)
                add_exports(name, spec, state, exported);
}

static bool connection_exports(const ContainerSpec *c, const char *name) {
        STRV_FOREACH (export, c->exports) {
                const char *rest = startswith(*export, name);

                if (rest && rest[0] == '=')
                        return true;
        }
        return false;
}

bool connection_knows(const Spec *spec, const char *name) {
        static const char *const ends[] = {"_HOST", "_PORT", "_PORT_", "_SOCKET", "_SOCKET_", "_URL"};

        for (size_t i = 0; i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];
                _cleanup_free_ char *prefix = prefix_of(c->name);
                const char *end = startswith(name, prefix);

                if (connection_exports(c, name))
                        return true;
                for (size_t j = 0; end && j < ELEMENTSOF(ends); j++) {
                        const char *rest = startswith(end, ends[j]);
                        bool more = ends[j][strlen(ends[j]) - 1] == '_';

                        if (rest && (more ? rest[0] != '\0' && !strchr(rest, '=') : rest[0] == '\0'))
                                return true;
                }
        }
        return false;
}

static int connection_gather_one(Project *project, const char *name, bool optional, char ***found,
                                 char ***exported, Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        MachineStatus status;
        int r;

        r = running_query(project, name, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running)
                return optional ? 0 : running_raise_not(project, name, reterr);
        r = project_load_state(project, name, &state, reterr);
        if (r >= 0 && state)
                connection_variables(name, project_container_spec(project, name), state, found, exported);
        return r < 0 ? r : 0;
}

static int connection_gather_shared(const Project *project, bool optional, char ***found, char ***exported,
                                    Error *reterr) {
        _cleanup_(project_done) Project home = PROJECT_NULL;
        int r = shared_open(project, &home, reterr);

        STRV_FOREACH (name, project->elsewhere)
                if (r >= 0)
                        r = connection_gather_one(&home, *name, optional, found, exported, reterr);
        return r;
}

int connection_gather(Project *project, char *const *names, bool all, char ***ret, Error *reterr) {
        _cleanup_strv_ char **found = NULL, **exported = NULL;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        for (char *const *name = names; r >= 0 && name && *name; name++)
                r = connection_gather_one(project, *name, all, &found, &exported, reterr);
        if (r >= 0 && project->elsewhere)
                r = connection_gather_shared(project, all, &found, &exported, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (variable, exported)
                environment_set(&found, *variable);
        *ret = TAKE_PTR(found);
        return 0;
}
