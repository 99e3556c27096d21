/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/uplink.h"
#include "spec/value.h"

#define INTERFACE_LENGTH_MAX 15 /* IFNAMSIZ without the terminating NUL */
#define PREFIX_MAX           30 /* what is longer has no place for a second machine */

#define PREFIX6_MAX 126

#define WORDS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define DIGITS "0123456789"

const JsonShape uplink_interface_shape = JSON_STRING_LIKE("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$");
const JsonShape uplink_gateway_shape = JSON_STRING_LIKE("^[0-9]{1,3}([.][0-9]{1,3}){3}$");

const JsonShape uplink_address6_shape = JSON_STRING_LIKE("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$");
const JsonShape uplink_gateway6_shape = JSON_STRING_LIKE("^[0-9A-Fa-f:.]+$");

static int check_interface_name(const char *name, Error *reterr) {
        size_t n = strlen(name);

        if (n == 0 || n > INTERFACE_LENGTH_MAX || !strchr(WORDS, name[0]) || strspn(name, WORDS ".-") != n)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s' is not the name of a network interface, such as br0", name);
        return streq(name, "lo") ? error_raise(reterr, FC_EXIT_USAGE, "'lo' leads to no other machine") : 0;
}

int uplink_parse_interface(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_interface_name, &((ContainerSpec *) target)->interface,
                                  reterr);
}

static int raise_not_of_one(const char *text, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not the address of one machine", text);
}

/* Not of this host, of its loopback interface, of a group, nor one that is kept for later. */
static bool is_of_one(uint32_t address) {
        uint32_t first = address >> 24;

        return first != 0 && first != 127 && first < 224;
}

static bool is_of_one6(const struct in6_addr *in6) {
        return !IN6_IS_ADDR_UNSPECIFIED(in6) && !IN6_IS_ADDR_LOOPBACK(in6) && !IN6_IS_ADDR_MULTICAST(in6) &&
               !IN6_IS_ADDR_V4MAPPED(in6);
}

/* Neither the first address of its network nor the last one. */
static bool is_inside(uint32_t address, uint8_t prefix) {
        uint32_t mask = ~UINT32_C(0) << (32 - prefix), rest = address & ~mask;

        return rest != 0 && rest != ~mask;
}

static int check_gateway(const char *text, Error *reterr) {
        struct in_addr in;

        if (inet_pton(AF_INET, text, &in) != 1)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not an IPv4 address, such as 192.168.1.1",
                                   text);
        return is_of_one(ntohl(in.s_addr)) ? 0 : raise_not_of_one(text, reterr);
}

int uplink_parse_gateway(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_gateway, &((ContainerSpec *) target)->gateway, reterr);
}

static bool read_prefix(const char *text, unsigned max, uint8_t *ret) {
        size_t n = strlen(text);
        unsigned prefix = 0;

        if (n == 0 || n > 3 || strspn(text, DIGITS) != n || text[0] == '0')
                return false;
        for (size_t i = 0; i < n; i++)
                prefix = prefix * 10 + (unsigned) (text[i] - '0');
        *ret = (uint8_t) prefix;
        return prefix <= max;
}

bool uplink_read_address(const char *text, uint32_t *ret_address, uint8_t *ret_prefix) {
        _cleanup_free_ char *address = xstrndup(text, strcspn(text, "/"));
        const char *slash = strchr(text, '/');
        struct in_addr in;

        *ret_prefix = 0;
        if (inet_pton(AF_INET, address, &in) != 1 ||
            (slash && !read_prefix(slash + 1, PREFIX_MAX, ret_prefix)))
                return false;
        *ret_address = ntohl(in.s_addr);
        return true;
}

/* Whether it has a prefix depends on the network. */
static int check_own_address6(const char *text, Error *reterr) {
        _cleanup_free_ char *address = xstrndup(text, strcspn(text, "/"));
        const char *slash = strchr(text, '/');
        struct in6_addr in6;
        uint8_t prefix;

        if (inet_pton(AF_INET6, address, &in6) != 1 ||
            (slash && !read_prefix(slash + 1, PREFIX6_MAX, &prefix)))
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is not an IPv6 address%s", text,
                                   slash ? " with a prefix, such as fd00::20/64" : ", such as fd00::20");
        return is_of_one6(&in6) && !IN6_IS_ADDR_LINKLOCAL(&in6) ? 0 : raise_not_of_one(text, reterr);
}

int uplink_parse_address6(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_own_address6, &((ContainerSpec *) target)->address6,
                                  reterr);
}

static int check_gateway6(const char *text, Error *reterr) {
        struct in6_addr in6;

        if (inet_pton(AF_INET6, text, &in6) != 1)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is not an IPv6 address, such as fe80::1",
                                   text);
        return is_of_one6(&in6) ? 0 : raise_not_of_one(text, reterr);
}

int uplink_parse_gateway6(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, check_gateway6, &((ContainerSpec *) target)->gateway6,
                                  reterr);
}

static int check_own_address(const ContainerSpec *c, const char *mode, Error *reterr) {
        uint32_t address;
        uint8_t prefix;

        if (!c->address || !uplink_read_address(c->address, &address, &prefix))
                return 0;
        if (prefix == 0)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.address: with network.mode '%s' it has a prefix, "
                                   "such as '%s/24'",
                                   c->name, mode, c->address);
        return is_of_one(address) && is_inside(address, prefix)
                       ? 0
                       : error_raise(reterr, FC_EXIT_USAGE,
                                     "containers.%s.network.address: '%s' is not the address of one machine",
                                     c->name, c->address);
}

static int raise_gateway(const ContainerSpec *c, const char *reason, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "containers.%s.network.gateway: %s", c->name, reason);
}

static int check_own_gateway(const ContainerSpec *c, Error *reterr) {
        _cleanup_free_ char *reason = NULL;
        uint32_t address, gateway;
        uint8_t prefix, none;

        if (!c->gateway)
                return 0;
        if (!c->address)
                return raise_gateway(c, "needs network.address; without it the system inside asks for both",
                                     reterr);
        if (!uplink_read_address(c->address, &address, &prefix) ||
            !uplink_read_address(c->gateway, &gateway, &none))
                return 0;
        if (address == gateway)
                return raise_gateway(c, "is the container's own address", reterr);
        if ((address ^ gateway) >> (32 - prefix) == 0 && is_inside(gateway, prefix))
                return 0;
        reason = (address ^ gateway) >> (32 - prefix) == 0
                         ? xasprintf("'%s' is not the address of one machine", c->gateway)
                         : xasprintf("'%s' is not in the network of '%s'", c->gateway, c->address);
        return raise_gateway(c, reason, reterr);
}

/* The system inside either asks for all of it or for nothing. */
static int check_own_ipv6(const ContainerSpec *c, const char *mode, Error *reterr) {
        if (c->address6 && !strchr(c->address6, '/'))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.address6: with network.mode '%s' it has a "
                                   "prefix, such as '%s/64'",
                                   c->name, mode, c->address6);
        if (c->address6 && !c->address)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.address6: needs network.address; without it the "
                                   "system inside asks for both",
                                   c->name);
        if (c->gateway6 && !c->address6)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network.gateway6: needs network.address6", c->name);
        return 0;
}

static int raise_only(const ContainerSpec *c, const char *key, const char *mode, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.network.%s: only with network.mode 'bridge', 'macvlan' or "
                           "'interface', here it is '%s'",
                           c->name, key, mode);
}

int uplink_check(const ContainerSpec *c, const char *mode, Error *reterr) {
        int r;

        if (!network_mode_is_attached(c->network)) {
                const char *key = c->interface  ? "interface"
                                  : c->gateway  ? "gateway"
                                  : c->gateway6 ? "gateway6"
                                                : NULL;

                return key ? raise_only(c, key, mode, reterr) : 0;
        }
        if (!c->interface)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.network: mode '%s' needs the key 'interface'", c->name,
                                   mode);
        r = check_own_address(c, mode, reterr);
        if (r >= 0)
                r = check_own_gateway(c, reterr);
        return r < 0 ? r : check_own_ipv6(c, mode, reterr);
}
