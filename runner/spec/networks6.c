/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/network6.h"
#include "spec/networks.h"
#include "spec/networks6.h"
#include "spec/value.h"

const JsonShape networks6_subnet_shape = JSON_STRING_LIKE("^[0-9A-Fa-f:.]+/64$");

static int check_subnet6(const char *text, Error *reterr) {
        struct in6_addr network;

        return network6_read(text, &network)
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE,
                                     "'%.100s' is not an IPv6 network in fc00::/7 with a prefix of 64 bits, "
                                     "such as fd00:1:2:3::/64",
                                     text);
}

int networks6_parse_subnet(const Json *value, const char *path, void *target, Error *reterr) {
        char **subnet6 = &((NetworkSpec *) target)->subnet6;
        struct in6_addr network;
        int r = value_parse_string(value, path, check_subnet6, subnet6, reterr);

        if (r < 0 || !network6_read(*subnet6, &network))
                return r;
        free(*subnet6);
        *subnet6 = network6_print(&network);
        return r;
}

/* The number in "fd00::42" that stands for the same one as in 10.0.0.42, so its digits are decimal;
 * 0: there is none. */
static uint8_t read_number(const struct in6_addr *a) {
        static const uint8_t none[6] = {};
        unsigned hundreds = a->s6_addr[14], tens = a->s6_addr[15] >> 4, ones = a->s6_addr[15] & 0xf,
                 number = 100 * hundreds + 10 * tens + ones;

        return memcmp(a->s6_addr + 8, none, sizeof(none)) == 0 && hundreds < 10 && tens < 10 && ones < 10 &&
                               number >= NETWORK_OCTET_MIN && number <= NETWORK_OCTET_MAX
                       ? (uint8_t) number
                       : 0;
}

uint8_t networks6_number(const ContainerSpec *c) {
        struct in_addr in;
        struct in6_addr in6;

        if (c->network != NETWORK_PRIVATE)
                return 0;
        if (c->address)
                return inet_pton(AF_INET, c->address, &in) == 1 ? (uint8_t) ntohl(in.s_addr) : 0;
        return c->address6 && inet_pton(AF_INET6, c->address6, &in6) == 1 ? read_number(&in6) : 0;
}

static int raise_fixed6(const ContainerSpec *c, const char *reason, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.network.address6: '%s' %s", c->name,
                           c->address6, reason);
}

static int check_fixed6(const ContainerSpec *c, struct in6_addr *ret, Error *reterr) {
        if (strchr(c->address6, '/'))
                return raise_fixed6(c, "has a prefix, which is said in a network of the host's only",
                                    reterr);
        if (inet_pton(AF_INET6, c->address6, ret) != 1)
                return raise_fixed6(c, "is not an IPv6 address, such as fd00::20", reterr);
        if (!network6_is_private(ret))
                return raise_fixed6(c, "is not in fc00::/7", reterr);
        if (read_number(ret) == 0)
                return raise_fixed6(c, "must end in '::' and a number from 2 to 254", reterr);
        if (networks6_number(c) != read_number(ret)) {
                _cleanup_free_ char *reason =
                        xasprintf("must end as network.address, '%s', does", c->address);

                return raise_fixed6(c, reason, reterr);
        }
        return 0;
}

static int check_in_network6(Spec *spec, const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ char *reason = NULL, *around = NULL;
        struct in6_addr address;
        NetworkSpec *network;
        int r;

        if (c->network != NETWORK_PRIVATE || !c->address6)
                return 0;
        r = check_fixed6(c, &address, reterr);
        if (r < 0)
                return r;
        memset(address.s6_addr + 8, 0, 8);
        around = network6_print(&address);
        network = networks_add(spec, networks_first(c));
        if (!network->subnet6) {
                network->subnet6 = TAKE_PTR(around);
                network->container6 = xstrdup(c->name);
        }
        if (!around || streq(around, network->subnet6))
                return 0;
        reason = xasprintf("is not in %s, the subnet6 of network '%s'", network->subnet6, network->name);
        return raise_fixed6(c, reason, reterr);
}

int networks6_check(Spec *spec, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_containers; i++)
                r = check_in_network6(spec, &spec->containers[i], reterr);
        return r < 0 ? r : networks_check_subnets(spec, /* ipv6= */ true, reterr);
}
