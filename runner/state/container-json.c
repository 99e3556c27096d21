/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/name.h"
#include "state/container-json.h"
#include "state/generations.h"
#include "state/identity.h"
#include "state/state-document.h"

/* ---- reading ---- */

#define REALTIME_MAX (UINT64_C(1) << 53)

/* It becomes the name of a cgroup and is handed to nspawn. */
static bool machine_is_valid(const char *text) {
        size_t n = strlen(text);

        return n > 0 && n <= IDENTITY_MACHINE_MAX && text[0] != '-' &&
               strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool boot_id_is_valid(const char *text) {
        return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static bool ipv4_is_valid(const char *text) {
        struct in_addr address;

        return inet_pton(AF_INET, text, &address) == 1;
}

static bool ip_is_valid(const char *text) {
        struct in6_addr address;

        return ipv4_is_valid(text) || inet_pton(AF_INET6, text, &address) == 1;
}

static bool path_is_absolute(const char *text) {
        return text[0] == '/';
}

STRING_FIELD(parse_port_address, BoundPort, address, ip_is_valid)
UINT_FIELD(parse_port_host, BoundPort, host, 1, UINT16_MAX)
UINT_FIELD(parse_port_container, BoundPort, container, 1, UINT16_MAX)

static int parse_port_protocol(const Json *value, const char *path, void *target, Error *reterr) {
        static const char *const words[] = {"tcp", "udp"};
        int r = json_expect(value, JSON_STRING, path, reterr);

        if (r < 0)
                return r;
        for (unsigned i = 0; i < ELEMENTSOF(words); i++)
                if (streq(json_string(value), words[i])) {
                        ((BoundPort *) target)->udp = i == 1;
                        return 0;
                }
        return error_raise(reterr, FC_EXIT_CONFLICT, "%s: not a protocol", path);
}

static int parse_port_once(const Json *value, const char *path, void *target, Error *reterr) {
        int r = json_expect(value, JSON_BOOL, path, reterr);

        if (r >= 0)
                ((BoundPort *) target)->once = json_bool(value);
        return r;
}

static const JsonField port_fields[] = {
        {"address", parse_port_address, true},     {"host", parse_port_host, true},
        {"container", parse_port_container, true}, {"protocol", parse_port_protocol, false},
        {"once", parse_port_once, false},
};

static bool socket_name_is_valid(const char *name) {
        return name_check(name, "socket", NULL) >= 0;
}

STRING_FIELD(parse_socket_name, BoundSocket, name, socket_name_is_valid)
STRING_FIELD(parse_socket_host, BoundSocket, host, path_is_absolute)
STRING_FIELD(parse_socket_container, BoundSocket, container, path_is_absolute)

static const JsonField socket_fields[] = {
        {"name", parse_socket_name, true},
        {"host", parse_socket_host, true},
        {"container", parse_socket_container, true},
};

STRING_FIELD(parse_machine, ContainerState, machine, machine_is_valid)
STRING_FIELD(parse_boot_id, ContainerState, boot_id, boot_id_is_valid)
STRING_FIELD(parse_address, ContainerState, address, ipv4_is_valid)
STRING_FIELD(parse_result, ContainerState, result, NULL)
STRING_FIELD(parse_switching, ContainerState, switching, path_is_absolute)
UINT_FIELD(parse_generation, ContainerState, generation, 1, GENERATION_MAX)
UINT_FIELD(parse_started, ContainerState, started_usec, 1, REALTIME_MAX)
UINT_FIELD(parse_ready, ContainerState, ready_usec, 1, REALTIME_MAX)

static int parse_ipv6(const Json *value, const char *path, void *target, Error *reterr) {
        int r = json_expect(value, JSON_BOOL, path, reterr);

        if (r >= 0)
                ((ContainerState *) target)->ipv6 = json_bool(value);
        return r;
}

static int parse_phase(const Json *value, const char *path, void *target, Error *reterr) {
        Phase phase;
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        phase = phase_from_string(json_string(value));
        if (!phase_is_remembered(phase))
                return error_raise(reterr, FC_EXIT_USAGE, "%s: invalid value", path);
        ((ContainerState *) target)->phase = phase;
        return 0;
}

static int parse_definition(const Json *value, const char *path, void *target, Error *reterr) {
        return state_parse_definition(value, path, &((ContainerState *) target)->definition, reterr);
}

/* Only ever compared; "" where it is not known. */
static bool volume_source_is_valid(const char *text) {
        return strspn(text, "0123456789:") == strlen(text);
}

static int parse_volume_sources(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerState *state = target;
        size_t n = 0;
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        state->volume_sources = xnew0(char *, json_length(value) + 1);
        JSON_FOREACH (source, value) {
                _cleanup_free_ char *source_path = json_path_index(path, n);

                r = state_parse_string(source, source_path, volume_source_is_valid,
                                       &state->volume_sources[n], reterr);
                if (r < 0)
                        return r;
                n++;
        }
        return 0;
}

static void *append_port(void *target) {
        ContainerState *state = target;

        return XGROW(state->ports, state->n_ports);
}

static void *append_socket(void *target) {
        ContainerState *state = target;

        return XGROW(state->sockets, state->n_sockets);
}

static int state_parse_sockets(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch_all(value, path, socket_fields, ELEMENTSOF(socket_fields),
                                 &(JsonList){.append = append_socket}, target, reterr);
}

static int state_parse_ports(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch_all(value, path, port_fields, ELEMENTSOF(port_fields),
                                 &(JsonList){.append = append_port}, target, reterr);
}

static const JsonField container_fields[] = {
        {"version", state_parse_version, true},
        {"phase", parse_phase, true},
        {"machine", parse_machine, true},
        {"bootId", parse_boot_id, true},
        {"startedUsec", parse_started, true},
        {"readyUsec", parse_ready, false},
        {"address", parse_address, false},
        {"definition", parse_definition, true},
        {"sockets", state_parse_sockets, false},
        {"ports", state_parse_ports, true},
        {"result", parse_result, false},
        {"volumeSources", parse_volume_sources, false},
        {"switchingTo", parse_switching, false},
        {"generation", parse_generation, false},
        {"ipv6", parse_ipv6, false},
};

int container_state_parse(const char *text, size_t size, const char *name, ContainerState **ret,
                          Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = container_state_new();
        int r;

        r = state_parse_document(text, size, name, container_fields, ELEMENTSOF(container_fields), state,
                                 reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(state);
        return 0;
}

/* ---- writing ---- */

Json *bound_socket_json(const BoundSocket *socket) {
        Json *o = json_new_object();

        json_add_string(o, "name", socket->name);
        json_add_string(o, "host", socket->host);
        json_add_string(o, "container", socket->container);
        return o;
}

static Json *container_state_sockets_json(const ContainerState *state) {
        Json *sockets = json_new_array();

        for (size_t i = 0; i < state->n_sockets; i++)
                json_append(sockets, bound_socket_json(&state->sockets[i]));
        return sockets;
}

char *container_state_print(const ContainerState *state) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *ports = json_new_array();

        json_add_uint(json, "version", STATE_VERSION);
        json_add_string(json, "phase", phase_to_string(state->phase));
        json_add_string(json, "machine", state->machine);
        json_add_string(json, "bootId", state->boot_id);
        json_add_uint(json, "startedUsec", state->started_usec);
        if (state->ready_usec > 0)
                json_add_uint(json, "readyUsec", state->ready_usec);
        json_add_string(json, "address", state->address);
        if (state->ipv6)
                json_add_bool(json, "ipv6", true);
        json_add_string(json, "result", state->result);
        json_add_string(json, "switchingTo", state->switching);
        if (state->generation > 0)
                json_add_uint(json, "generation", state->generation);

        for (size_t i = 0; i < state->n_ports; i++) {
                Json *port = json_new_object();

                json_add_string(port, "address", state->ports[i].address);
                json_add_uint(port, "host", state->ports[i].host);
                json_add_uint(port, "container", state->ports[i].container);
                if (state->ports[i].udp)
                        json_add_string(port, "protocol", "udp");
                if (state->ports[i].once)
                        json_add_bool(port, "once", true);
                json_append(ports, port);
        }
        json_add(json, "ports", ports);
        if (state->n_sockets > 0)
                json_add(json, "sockets", container_state_sockets_json(state));

        json_add(json, "definition", state_definition_json(state->definition));
        if (state->volume_sources)
                json_add_strv(json, "volumeSources", state->volume_sources);
        return state_print_document(json);
}
