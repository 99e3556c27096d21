/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/name.h"
#include "spec/networks.h"
#include "spec/networks6.h"
#include "spec/value.h"

#define PREFIX "/24"

/* What is not routed on the internet, and not a machine's own. */
#define PRIVATE_RANGES "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"
static const struct {
        uint32_t network;
        unsigned prefix;
} private_ranges[] = {
        {0x0a000000, 8},  /* 10.0.0.0 */
        {0xac100000, 12}, /* 172.16.0.0 */
        {0xc0a80000, 16}, /* 192.168.0.0 */
        {0x64400000, 10}, /* 100.64.0.0 */
};

static bool is_private(uint32_t address) {
        for (size_t i = 0; i < ELEMENTSOF(private_ranges); i++)
                if ((address ^ private_ranges[i].network) >> (32 - private_ranges[i].prefix) == 0)
                        return true;
        return false;
}

/* Host byte order; of "10.250.0.0/24" what is before the slash. */
static bool read_address(const char *text, uint32_t *ret) {
        _cleanup_free_ char *address = xstrndup(text, strcspn(text, "/"));
        struct in_addr in;

        if (inet_pton(AF_INET, address, &in) != 1)
                return false;
        *ret = ntohl(in.s_addr);
        return true;
}

static int check_subnet(const char *text, Error *reterr) {
        const char *slash = strchr(text, '/');
        uint32_t network;

        if (!slash || !streq(slash, PREFIX) || !read_address(text, &network))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' is not an IPv4 network with a prefix of 24 bits, such as "
                                   "10.250.0.0/24",
                                   text);
        if ((network & 0xff) != 0)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is an address; its network is %u.%u.%u.0/24",
                                   text, network >> 24, network >> 16 & 0xff, network >> 8 & 0xff);
        return is_private(network)
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE, "'%s' is not in " PRIVATE_RANGES, text);
}

static int parse_subnet(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_subnet, &((NetworkSpec *) target)->subnet, reterr);
}

static const JsonShape subnet_shape = JSON_STRING_LIKE("^[0-9]{1,3}([.][0-9]{1,3}){3}/24$");

static const JsonField declared_fields[] = {
        {"subnet", parse_subnet, .shape = &subnet_shape},
        {"subnet6", networks6_parse_subnet, .shape = &networks6_subnet_shape},
};

static const JsonShape declared_shape = JSON_OBJECT_OF(declared_fields);
const JsonShape networks_shape = JSON_MAP_OF(name_shape, declared_shape);

static int parse_declared(const Json *value, const char *path, void *ret, Error *reterr) {
        NetworkSpec *network = ret;
        int r;

        r = name_check(json_key(value), "network", reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        network->name = xstrdup(json_key(value));
        return json_dispatch(value, path, declared_fields, ELEMENTSOF(declared_fields), network, reterr);
}

int networks_parse(const Json *value, const char *path, void *target, Error *reterr) {
        Spec *spec = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_declared, &spec->networks,
                                    &spec->n_networks, reterr);
}

Json *networks_print(const Spec *spec) {
        Json *json;

        if (spec->n_networks == 0)
                return NULL;
        json = json_new_object();
        for (size_t i = 0; i < spec->n_networks; i++) {
                Json *network = json_new_object();

                json_add_string(network, "subnet", spec->networks[i].subnet);
                json_add_string(network, "subnet6", spec->networks[i].subnet6);
                json_add(json, spec->networks[i].name, network);
        }
        return json;
}

const char *networks_first(const ContainerSpec *c) {
        return c->networks ? c->networks[0] : NETWORK_DEFAULT;
}

const NetworkSpec *networks_find(const Spec *spec, const char *name) {
        for (size_t i = 0; i < spec->n_networks; i++)
                if (streq(spec->networks[i].name, name))
                        return &spec->networks[i];
        return NULL;
}

static const char *subnet_of(const NetworkSpec *network, bool ipv6) {
        return ipv6 ? network->subnet6 : network->subnet;
}

int networks_check_subnets(const Spec *spec, bool ipv6, Error *reterr) {
        for (size_t i = 0; i < spec->n_networks; i++) {
                const char *subnet = subnet_of(&spec->networks[i], ipv6);

                for (size_t k = 0; subnet && k < i; k++)
                        if (streq_ptr(subnet, subnet_of(&spec->networks[k], ipv6)))
                                return error_raise(reterr, FC_EXIT_USAGE,
                                                   "networks.%s.%s: '%s' is that of network '%s'",
                                                   spec->networks[i].name, ipv6 ? "subnet6" : "subnet",
                                                   subnet, spec->networks[k].name);
        }
        return 0;
}

NetworkSpec *networks_add(Spec *spec, const char *name) {
        NetworkSpec *network = (NetworkSpec *) networks_find(spec, name);

        if (network)
                return network;
        network = XGROW(spec->networks, spec->n_networks);
        network->name = xstrdup(name);
        return network;
}

/* Its fixed address says what subnet the network has. */
static void set_subnet(NetworkSpec *network, const ContainerSpec *c, uint32_t address) {
        network->container = xstrdup(c->name);
        network->subnet =
                xasprintf("%u.%u.%u.0" PREFIX, address >> 24, address >> 16 & 0xff, address >> 8 & 0xff);
}

static int raise_fixed(const ContainerSpec *c, const char *reason, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.network.address: '%s' %s", c->name,
                           c->address, reason);
}

static int check_in_network(Spec *spec, const ContainerSpec *c, Error *reterr) {
        NetworkSpec *network;
        uint32_t address, subnet;

        if (network_mode_is_attached(c->network) || !c->address || !read_address(c->address, &address))
                return 0;
        if (!is_private(address))
                return raise_fixed(c, "is not in " PRIVATE_RANGES, reterr);
        network = networks_add(spec, networks_first(c));
        if (!network->subnet)
                set_subnet(network, c, address);
        if (!read_address(network->subnet, &subnet) || (address ^ subnet) >> 8 != 0) {
                _cleanup_free_ char *reason = xasprintf("is not in %s, the subnet of network '%s'",
                                                        network->subnet, network->name);

                return raise_fixed(c, reason, reterr);
        }
        if ((address & 0xff) < NETWORK_OCTET_MIN || (address & 0xff) > NETWORK_OCTET_MAX)
                return raise_fixed(c, "must end in 2 to 254: the host has 1", reterr);
        return 0;
}

/* A container has the same last number in all of its networks, so no other may have it in any. */
static bool same_number(const ContainerSpec *a, const ContainerSpec *b) {
        return networks6_number(a) > 0 && networks6_number(a) == networks6_number(b);
}

/* One of the two is to have it to itself. */
static bool share_interface(const ContainerSpec *a, const ContainerSpec *b) {
        return a->interface && streq_ptr(a->interface, b->interface) &&
               (a->network == NETWORK_INTERFACE || b->network == NETWORK_INTERFACE);
}

/* Is there something that no other may have? */
static bool has_its_own(const ContainerSpec *c) {
        return c->address || c->address6 || c->mac || c->interface;
}

static int check_pair(const ContainerSpec *c, const ContainerSpec *other, Error *reterr) {
        if (share_interface(c, other))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.interface: '%s' is that of '%s', and with "
                                   "network.mode 'interface' of one container only",
                                   c->name, c->interface, other->name);
        if (network_mode_is_attached(c->network) && c->address && streq_ptr(c->address, other->address))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.address: '%s' is that of '%s'", c->name,
                                   c->address, other->name);
        if (network_mode_is_attached(c->network) && c->address6 && streq_ptr(c->address6, other->address6))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.address6: '%s' is that of '%s'", c->name,
                                   c->address6, other->name);
        if (same_number(c, other))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.%s: '%s' ends like that of '%s', and a container "
                                   "has its last number in all networks",
                                   c->name, c->address ? "address" : "address6",
                                   c->address ? c->address : c->address6, other->name);
        if (c->mac && streq_ptr(c->mac, other->mac))
                return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.network.mac: '%s' is that of '%s'",
                                   c->name, c->mac, other->name);
        return 0;
}

int networks_check(Spec *spec, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];

                r = check_in_network(spec, c, reterr);
        }
        if (r >= 0)
                r = networks6_check(spec, reterr);
        for (size_t i = 0; r >= 0 && i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];

                for (size_t k = 0; r >= 0 && has_its_own(c) && k < i; k++)
                        r = check_pair(c, &spec->containers[k], reterr);
        }
        return r < 0 ? r : networks_check_subnets(spec, /* ipv6= */ false, reterr);
}
