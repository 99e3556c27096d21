/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "spec/name.h"
#include "spec/value.h"
#include "state/generations.h"
#include "state/identity.h"
#include "state/state-json.h"

/* ---- reading ---- */

#define REALTIME_MAX (UINT64_C(1) << 53)

static int parse_string(const Json *value, const char *path, bool (*valid)(const char *), char **target,
                        Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        if (valid && !valid(json_string(value)))
                return error_raise(reterr, FC_EXIT_USAGE, "%s: invalid value", path);
        free(*target);
        *target = xstrdup(json_string(value));
        return 0;
}

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

/* Only ever compared, never looked into. */
static bool git_index_is_valid(const char *text) {
        return text[0] != '\0';
}

static bool subnet_is_valid(const char *text) {
        const char *slash = strchr(text, '/');
        _cleanup_free_ char *network = slash ? xstrndup(text, (size_t) (slash - text)) : NULL;
        struct in_addr address;

        return network && streq(slash, "/24") && inet_pton(AF_INET, network, &address) == 1 &&
               (ntohl(address.s_addr) & 255) == 0;
}

static bool path_is_absolute(const char *text) {
        return text[0] == '/';
}

int state_parse_version(const Json *value, const char *path, void *target, Error *reterr) {
        uint64_t version;

        return json_uint(value, path, STATE_VERSION, STATE_VERSION, &version, reterr);
}

/* One function for a key that is a string or a number with a range. */
#define STRING_FIELD(function, type, member, valid)                                                         \
        static int function(const Json *value, const char *path, void *target, Error *reterr) {             \
                return parse_string(value, path, (valid), &((type *) target)->member, reterr);              \
        }
#define UINT_FIELD(function, type, member, min, max)                                                        \
        static int function(const Json *value, const char *path, void *target, Error *reterr) {             \
                uint64_t number;                                                                            \
                int r = json_uint(value, path, (min), (max), &number, reterr);                              \
                if (r < 0)                                                                                  \
                        return r;                                                                           \
                ((type *) target)->member = (__typeof__(((type *) target)->member)) number;                 \
                return 0;                                                                                   \
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

int state_parse_definition(const Json *value, const char *path, char ***target, Error *reterr) {
        _cleanup_strv_ char **lines = NULL;
        size_t room = 0, n = 0;
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        room = json_length(value) + 1;
        /* Not strv_push(), which counts each time. */
        lines = xnew0(char *, room);
        JSON_FOREACH (line, value) {
                if (json_type(line) == JSON_STRING)
                        lines[n] = state_unescape(json_string(line));
                if (!lines[n])
                        return error_raise(reterr, FC_EXIT_USAGE, "%s[%zu]: is not a line of a definition",
                                           path, n);
                n++;
        }
        strv_free(*target);
        *target = n > 0 ? TAKE_PTR(lines) : NULL;
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

                r = parse_string(source, source_path, volume_source_is_valid, &state->volume_sources[n],
                                 reterr);
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

STRING_FIELD(parse_id, ProjectState, id, identity_id_is_valid)
STRING_FIELD(parse_subnet, ProjectState, subnet, subnet_is_valid)
STRING_FIELD(parse_git_index, ProjectState, git_index, git_index_is_valid)

static int parse_addresses(const Json *value, const char *path, void *target, Error *reterr) {
        bool seen[UINT8_MAX + 1] = {};
        ProjectState *state = target;
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                RememberedAddress *address;
                uint64_t octet;

                if (name_check(json_key(member), "container", NULL) < 0)
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: is not the name of a container",
                                           member_path);
                r = json_uint(member, member_path, 2, 254, &octet, reterr);
                if (r < 0)
                        return r;
                if (seen[octet])
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "%s: another container has the same address", member_path);
                seen[octet] = true;
                address = XGROW(state->addresses, state->n_addresses);
                *address = (RememberedAddress){.name = xstrdup(json_key(member)), .octet = (uint8_t) octet};
        }
        return 0;
}

static int check_remembered(const char *name, Error *reterr) {
        return name_check(name, "network", reterr);
}

static int parse_remembered(const Json *value, const char *path, void *ret, Error *reterr) {
        RememberedNetwork *network = ret;
        int r = check_remembered(json_key(value), reterr);

        if (r >= 0)
                r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        if (!subnet_is_valid(json_string(value)))
                return error_raise(reterr, FC_EXIT_USAGE, "%s: '%s' is not allowed here", path,
                                   json_string(value));
        network->name = xstrdup(json_key(value));
        network->subnet = xstrdup(json_string(value));
        return 0;
}

static int parse_remembered_networks(const Json *value, const char *path, void *target, Error *reterr) {
        ProjectState *state = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_remembered, &state->networks,
                                    &state->n_networks, reterr);
}

/* After the addresses, which are written before it. */
static int parse_members(const Json *value, const char *path, void *target, Error *reterr) {
        int r = json_expect(value, JSON_OBJECT, path, reterr);

        JSON_FOREACH (member, r < 0 ? NULL : value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));
                _cleanup_strv_ char **networks = NULL;

                r = value_parse_strv(member, member_path, check_remembered, &networks, reterr);
                if (r < 0)
                        return r;
                if (!project_state_set_networks(target, json_key(member), networks))
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: the container has no address",
                                           member_path);
        }
        return r;
}

static const JsonField project_fields[] = {
        {"version", state_parse_version, true}, {"id", parse_id, true},
        {"subnet", parse_subnet, false},        {"gitIndex", parse_git_index, false},
        {"addresses", parse_addresses, true},   {"networks", parse_remembered_networks, false},
        {"members", parse_members, false},
};

/* Before anything else is looked at: what a later version writes is not damaged. */
static int check_version(const Json *json, const char *name, Error *reterr) {
        const Json *version = json_type(json) == JSON_OBJECT ? json_get(json, "version") : NULL;
        uint64_t number;

        if (!version || json_uint(version, "version", STATE_VERSION + 1, UINT32_MAX, &number, NULL) < 0)
                return 0;
        return error_raise(reterr, FC_EXIT_CONFLICT,
                           "state '%s' was written by a later flake-containers: its version is %u, not %u",
                           name, (unsigned) number, STATE_VERSION);
}

int state_parse_document(const char *text, size_t size, const char *name, const JsonField *fields,
                         size_t n_fields, void *target, Error *reterr) {
        _cleanup_(json_freep) Json *json = NULL;
        int r;

        r = json_parse(text, size, NULL, &json, reterr);
        if (r >= 0) {
                r = check_version(json, name, reterr);
                if (r < 0)
                        return r;
                r = json_expect(json, JSON_OBJECT, "", reterr);
        }
        if (r >= 0)
                r = json_dispatch(json, "", fields, n_fields, target, reterr);
        if (r >= 0)
                return 0;

        /* The user did not make this mistake, and advice on how to write such a file does not help. */
        if (reterr) {
                reterr->exit = FC_EXIT_CONFLICT;
                reterr->hints = strv_free(reterr->hints);
        }
        return error_prefix(reterr, r, "state '%s' is damaged", name);
}

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

int project_state_parse(const char *text, size_t size, const char *name, ProjectState **ret, Error *reterr) {
        _cleanup_(project_state_freep) ProjectState *state = project_state_new();
        int r;

        r = state_parse_document(text, size, name, project_fields, ELEMENTSOF(project_fields), state,
                                 reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(state);
        return 0;
}

/* ---- writing ---- */

char *state_escape(const char *text) {
        char *escaped = xmalloc0(strlen(text) * 4 + 1), *out = escaped;

        for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
                if (*p >= ' ' && *p <= '~' && *p != '\\')
                        *out++ = (char) *p;
                else
                        out += sprintf(out, "\\x%02x", *p);
        }
        return escaped;
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *state_unescape(const char *text) {
        _cleanup_free_ char *plain = xmalloc0(strlen(text) + 1);
        char *out = plain;

        for (const char *p = text; *p; p++) {
                if (*p != '\\') {
                        if (*p < ' ' || *p > '~')
                                return NULL;
                        *out++ = *p;
                        continue;
                }
                if (p[1] != 'x' || hex_digit(p[2]) < 0 || hex_digit(p[3]) < 0 || startswith(p, "\\x00"))
                        return NULL;
                *out++ = (char) (hex_digit(p[2]) * 16 + hex_digit(p[3]));
                p += 3;
        }
        return TAKE_PTR(plain);
}

/* People look into these files, so they are laid out, and end as text files do. */
char *state_print_document(const Json *json) {
        _cleanup_free_ char *text = json_print(json, true);

        return xasprintf("%s\n", text);
}

Json *state_definition_json(char *const *definition) {
        Json *lines = json_new_array();

        STRV_FOREACH (line, definition) {
                _cleanup_free_ char *escaped = state_escape(*line);

                json_append_string(lines, escaped);
        }
        return lines;
}

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

/* Most projects have one network, and nothing to say about it. */
static void print_remembered_networks(Json *json, const ProjectState *state) {
        Json *networks = json_new_object(), *members = json_new_object();

        for (size_t i = 0; i < state->n_networks; i++)
                json_add_string(networks, state->networks[i].name, state->networks[i].subnet);
        for (size_t i = 0; i < state->n_addresses; i++)
                if (state->addresses[i].networks)
                        json_add_strv(members, state->addresses[i].name, state->addresses[i].networks);
        if (json_length(networks) > 0)
                json_add(json, "networks", networks);
        else
                (void) json_free(networks);
        if (json_length(members) > 0)
                json_add(json, "members", members);
        else
                (void) json_free(members);
}

char *project_state_print(const ProjectState *state) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *addresses = json_new_object();

        json_add_uint(json, "version", STATE_VERSION);
        json_add_string(json, "id", state->id);
        json_add_string(json, "subnet", state->subnet);
        json_add_string(json, "gitIndex", state->git_index);
        for (size_t i = 0; i < state->n_addresses; i++)
                json_add_uint(addresses, state->addresses[i].name, state->addresses[i].octet);
        json_add(json, "addresses", addresses);
        print_remembered_networks(json, state);
        return state_print_document(json);
}
