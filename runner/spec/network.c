/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/name.h"
#include "spec/network.h"
#include "spec/port.h"
#include "spec/uplink.h"
#include "spec/value.h"

#define NETWORKS_MAX         8 /* of one container */
#define NAMESPACE_LENGTH_MAX 255

static const char *const mode_words[_NETWORK_MODE_MAX] = {
        [NETWORK_PRIVATE] = "private",     [NETWORK_HOST] = "host",           [NETWORK_NONE] = "none",
        [NETWORK_NAMESPACE] = "namespace", [NETWORK_CONTAINER] = "container", [NETWORK_BRIDGE] = "bridge",
        [NETWORK_MACVLAN] = "macvlan",     [NETWORK_INTERFACE] = "interface",
};

static const JsonShape mode_shape = JSON_ONE_OF_WORDS(mode_words);
static const JsonShape host_access_shape = {
        .kind = JSON_SHAPE_ARRAY,
        .max = PORTS_MAX,
        .element = &port_number_shape,
};
static const JsonShape own_networks_shape = {
        .kind = JSON_SHAPE_ARRAY,
        .min = 1,
        .max = NETWORKS_MAX,
        .element = &name_shape,
};
static const JsonShape namespace_shape = JSON_STRING_LIKE("^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}$");
static const JsonShape fixed_address_shape =
        JSON_STRING_LIKE("^[0-9]{1,3}([.][0-9]{1,3}){3}(/[0-9]{1,2})?$");
static const JsonShape fixed_mac_shape = JSON_STRING_LIKE("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$");

static int parse_mode(const Json *value, const char *path, void *target, Error *reterr) {
        int r = value_parse_enum(value, path, mode_words, ELEMENTSOF(mode_words), reterr);

        if (r < 0)
                return r;
        ((ContainerSpec *) target)->network = (NetworkMode) r;
        return 0;
}

static int parse_internet(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((ContainerSpec *) target)->internet, reterr);
}

static int parse_host_port(const Json *value, const char *path, void *ret, Error *reterr) {
        return value_parse_port(value, path, ret, reterr);
}

static int parse_host_access(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_host_port, &c->host_access,
                                    &c->n_host_access, reterr);
}

static int check_network_name(const char *name, Error *reterr) {
        return name_check(name, "network", reterr);
}

static int parse_own_networks(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        int r;

        r = value_parse_strv(value, path, check_network_name, &c->networks, reterr);
        if (r < 0)
                return r;
        if (!c->networks)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: is empty; network.mode 'none' is without one",
                                   path);
        if (strv_length(c->networks) > NETWORKS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: at most %d networks, not %zu", path,
                                   NETWORKS_MAX, strv_length(c->networks));
        return value_check_distinct(c->networks, path, reterr);
}

/* Of which network it is, and whether it can be one there, spec/networks.c and spec/uplink.c say. */
static int check_fixed_address(const char *text, Error *reterr) {
        uint32_t address;
        uint8_t prefix;

        return uplink_read_address(text, &address, &prefix)
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE,
                                     "'%s' is not an IPv4 address, such as 10.250.0.2", text);
}

static int parse_fixed_address(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_fixed_address, &((ContainerSpec *) target)->address,
                                  reterr);
}

static int check_fixed_mac(const char *text, Error *reterr) {
        static const char digits[] = "0123456789abcdefABCDEF";
        bool zero = true;

        for (size_t i = 0; i < 6; i++) {
                const char *byte = text + 3 * i;

                if (strspn(byte, digits) != 2 || byte[2] != (i < 5 ? ':' : '\0'))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "'%s' is not a MAC address, such as 02:00:00:00:00:01", text);
                zero = zero && byte[0] == '0' && byte[1] == '0';
        }
        /* The lowest bit of the first byte is that of groups. */
        if (zero || strchr("13579bdfBDF", text[1]))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not the MAC address of one interface",
                                   text);
        return 0;
}

static int parse_fixed_mac(const Json *value, const char *path, void *target, Error *reterr) {
        char **mac = &((ContainerSpec *) target)->mac;
        int r = value_parse_string(value, path, check_fixed_mac, mac, reterr);

        for (char *c = r < 0 ? NULL : *mac; c && *c; c++)
                if (*c >= 'A' && *c <= 'F')
                        *c = (char) (*c - 'A' + 'a');
        return r;
}

/* A file in /run/netns, as ip-netns(8) makes it. */
static int check_namespace(const char *name, Error *reterr) {
        size_t n = strlen(name);

        if (n == 0 || n > NAMESPACE_LENGTH_MAX || name[0] == '.' ||
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != n)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s' is not the name of a network namespace, as ip-netns(8) has it",
                                   name);
        return 0;
}

static int parse_namespace(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_namespace, &((ContainerSpec *) target)->namespace,
                                  reterr);
}

static int check_container_name(const char *name, Error *reterr) {
        return name_check_container(name, reterr);
}

static int parse_container(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_container_name, &((ContainerSpec *) target)->network_of,
                                  reterr);
}

static const JsonField network_fields[] = {
        {"mode", parse_mode, .shape = &mode_shape},
        {"internet", parse_internet, .shape = &bool_shape},
        {"hostAccess", parse_host_access, .shape = &host_access_shape},
        {"namespace", parse_namespace, .shape = &namespace_shape},
        {"container", parse_container, .shape = &container_name_shape},
        {"networks", parse_own_networks, .shape = &own_networks_shape},
        {"address", parse_fixed_address, .shape = &fixed_address_shape},
        {"mac", parse_fixed_mac, .shape = &fixed_mac_shape},
        {"interface", uplink_parse_interface, .shape = &uplink_interface_shape},
        {"gateway", uplink_parse_gateway, .shape = &uplink_gateway_shape},
        {"address6", uplink_parse_address6, .shape = &uplink_address6_shape},
        {"gateway6", uplink_parse_gateway6, .shape = &uplink_gateway6_shape},
};

static const JsonShape network_shape = JSON_OBJECT_OF(network_fields);

static int parse_network(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch(value, path, network_fields, ELEMENTSOF(network_fields), target, reterr);
}

static Json *print_host_access(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_host_access; i++)
                json_append_uint(json, c->host_access[i]);
        return json;
}

static Json *print_own_networks(const ContainerSpec *c) {
        Json *json = json_new_array();

        STRV_FOREACH (network, c->networks)
                json_append_string(json, *network);
        return json;
}

static Json *print_network(const ContainerSpec *c) {
        Json *json = json_new_object();

        json_add_string(json, "mode", mode_words[c->network]);
        if (c->namespace)
                json_add_string(json, "namespace", c->namespace);
        if (c->network_of)
                json_add_string(json, "container", c->network_of);
        if (c->interface)
                json_add_string(json, "interface", c->interface);
        if (c->network == NETWORK_PRIVATE) {
                json_add_bool(json, "internet", c->internet);
                json_add(json, "hostAccess", print_host_access(c));
                if (c->networks)
                        json_add(json, "networks", print_own_networks(c));
        }
        if (c->address)
                json_add_string(json, "address", c->address);
        if (c->gateway)
                json_add_string(json, "gateway", c->gateway);
        if (c->address6)
                json_add_string(json, "address6", c->address6);
        if (c->gateway6)
                json_add_string(json, "gateway6", c->gateway6);
        if (c->mac)
                json_add_string(json, "mac", c->mac);
        return json;
}

static int check_private(const ContainerSpec *c, const char *key, bool given, Error *reterr) {
        if (!given || c->network == NETWORK_PRIVATE)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.network.%s: only with network.mode 'private', here it is '%s'",
                           c->name, key, mode_words[c->network]);
}

/* What of its own interface the specification gives. */
static int check_interface(const ContainerSpec *c, Error *reterr) {
        int r = 0;

        if (c->mac && c->network == NETWORK_INTERFACE)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.mac: with network.mode 'interface' it is that of "
                                   "the host's interface",
                                   c->name);
        if (!network_mode_is_attached(c->network)) {
                r = check_private(c, "address", c->address, reterr);
                if (r >= 0)
                        r = check_private(c, "address6", c->address6, reterr);
                if (r >= 0)
                        r = check_private(c, "mac", c->mac, reterr);
                if (r >= 0 && c->address && strchr(c->address, '/'))
                        r = error_raise(reterr, FC_EXIT_USAGE,
                                        "containers.%s.network.address: '%s' has a prefix, which is said in "
                                        "a network of the host's only",
                                        c->name, c->address);
        }
        return r < 0 ? r : uplink_check(c, mode_words[c->network], reterr);
}

static int check_host_access(const ContainerSpec *c, Error *reterr) {
        if (c->n_host_access > PORTS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.hostAccess: at most %d ports, not %zu", c->name,
                                   PORTS_MAX, c->n_host_access);
        for (size_t i = 0; i < c->n_host_access; i++)
                for (size_t k = 0; k < i; k++)
                        if (c->host_access[i] == c->host_access[k])
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "containers.%s.network.hostAccess[%zu]: port %u is given "
                                                   "twice",
                                                   c->name, i, c->host_access[i]);
        return 0;
}

/* A mode and the key that says which go together; both have the same name. */
static int check_joined(const ContainerSpec *c, NetworkMode mode, const char *value, Error *reterr) {
        const char *word = mode_words[mode];

        if (!value == (c->network != mode))
                return 0;
        return value ? error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.%s: only with network.mode '%s', here it is '%s'",
                                   c->name, word, word, mode_words[c->network])
                     : error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network: mode '%s' needs the key '%s'", c->name, word,
                                   word);
}

static int check_network(const ContainerSpec *c, Error *reterr) {
        int r = check_joined(c, NETWORK_NAMESPACE, c->namespace, reterr);

        if (r >= 0)
                r = check_joined(c, NETWORK_CONTAINER, c->network_of, reterr);
        if (r >= 0)
                r = check_private(c, "internet", c->internet, reterr);
        if (r >= 0)
                r = check_private(c, "hostAccess", c->n_host_access > 0, reterr);
        if (r >= 0)
                r = check_private(c, "networks", c->networks, reterr);
        if (r >= 0)
                r = check_interface(c, reterr);
        return r < 0 ? r : check_host_access(c, reterr);
}

const SpecKey network_key = {
        .name = "network",
        .shape = &network_shape,
        .parse = parse_network,
        .print = print_network,
        .check = check_network,
};
