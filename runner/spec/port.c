/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/port.h"
#include "spec/value.h"

#define RANGE_REGEX "[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?"

static const char *const auto_words[] = {"auto"}, *const protocol_words[] = {"tcp", "udp"};

static const JsonShape auto_shape = JSON_ONE_OF_WORDS(auto_words),
                       host_port_shape = JSON_EITHER_OF(&port_number_shape, &auto_shape),
                       protocol_shape = JSON_ONE_OF_WORDS(protocol_words),
                       address_shape = JSON_STRING_LIKE("^[0-9A-Fa-f:.]+$"),
                       short_form_shape =
                               JSON_STRING_LIKE("^(((\\[[0-9A-Fa-f:.]+\\]|[0-9.]+):)?(auto|" RANGE_REGEX
                                                "):)?" RANGE_REGEX "(/(tcp|udp))?$");

static void port_range_done(PortRange *range) {
        port_done(&range->first);
}

int port_number_parse(const char *s, size_t n, const char *shown, uint16_t *ret, Error *reterr) {
        unsigned value = 0;

        /* Six digits are too many in any case, because a zero cannot stand first. */
        for (size_t i = 0; i < n && i < 6; i++) {
                if (s[i] < '0' || s[i] > '9')
                        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': '%.*s' is not a port number",
                                           shown, n > 100 ? 100 : (int) n, s);
                value = value * 10 + (unsigned) (s[i] - '0');
        }
        if (n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': a port number is missing", shown);
        if (value > UINT16_MAX || s[0] == '0')
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': a port is a number from 1 to 65535",
                                   shown);
        *ret = (uint16_t) value;
        return 0;
}

/* "8000" or "8000-8010": @ret_n ports from @ret on. */
static int parse_numbers(const char *s, size_t n, const char *text, uint16_t *ret, unsigned *ret_n,
                         Error *reterr) {
        const char *dash = n > 0 ? memchr(s + 1, '-', n - 1) : NULL;
        uint16_t first, last;
        int r;

        r = port_number_parse(s, dash ? (size_t) (dash - s) : n, text, &first, reterr);
        last = first;
        if (r >= 0 && dash)
                r = port_number_parse(dash + 1, n - (size_t) (dash + 1 - s), text, &last, reterr);
        if (r < 0)
                return r;
        if (last < first)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': a range begins with the lower port, as in '%u-%u'", text, last,
                                   first);
        *ret = first;
        *ret_n = last - first + 1u;
        return 0;
}

/* @ret_n: 0: as many as there are in the container. */
static int parse_host(const char *s, size_t n, const char *text, uint16_t *ret, unsigned *ret_n,
                      Error *reterr) {
        if (n == strlen("auto") && memcmp(s, "auto", n) == 0) {
                *ret = 0;
                *ret_n = 0;
                return 0;
        }
        return parse_numbers(s, n, text, ret, ret_n, reterr);
}

static int raise_address(const char *text, const char *reason, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': %s", text, reason);
}

static int check_address4(const char *text, struct in_addr a, Error *reterr) {
        uint32_t host = ntohl(a.s_addr);

        if (IN_MULTICAST(host) || host == INADDR_BROADCAST || (host != INADDR_ANY && host >> 24 == 0))
                return raise_address(text, "not an address that can be listened on", reterr);
        return 0;
}

static int check_address6(const char *text, const struct in6_addr *a, Error *reterr) {
        if (IN6_IS_ADDR_V4MAPPED(a) || (IN6_IS_ADDR_V4COMPAT(a)))
                return raise_address(text, "write an IPv4 address without '::'", reterr);
        if (IN6_IS_ADDR_MULTICAST(a))
                return raise_address(text, "not an address that can be listened on", reterr);
        /* It means nothing without an interface, and the names of those differ from host to host. */
        if (IN6_IS_ADDR_LINKLOCAL(a))
                return raise_address(text, "a link-local address cannot be used", reterr);
        return 0;
}

/* The canonical text of a numeric address that a service can be published on. Owned by the caller. */
static int port_parse_address(const char *text, char **ret, Error *reterr) {
        char canonical[INET6_ADDRSTRLEN];
        struct in6_addr a6;
        struct in_addr a4;
        int r;

        if (inet_pton(AF_INET, text, &a4) == 1) {
                r = check_address4(text, a4, reterr);
                (void) inet_ntop(AF_INET, &a4, canonical, sizeof(canonical));
        } else if (inet_pton(AF_INET6, text, &a6) == 1) {
                r = check_address6(text, &a6, reterr);
                (void) inet_ntop(AF_INET6, &a6, canonical, sizeof(canonical));
        } else
                r = raise_address(text, "not a numeric IPv4 or IPv6 address", reterr);
        if (r < 0)
                return r;
        *ret = xstrdup(canonical);
        return 0;
}

size_t port_addresses(const Port *port, const char *ret[PORT_ADDRESSES_MAX]) {
        if (port->address) {
                ret[0] = port->address;
                return 1;
        }
        ret[0] = "127.0.0.1";
        ret[1] = "::1";
        return 2;
}

static int port_parse_protocol(const char *protocol, bool *ret_udp, Error *reterr) {
        bool udp = streq(protocol, "udp");

        if (!udp && !streq(protocol, "tcp"))
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s' is not a protocol, use 'tcp' or 'udp'",
                                   protocol);
        *ret_udp = udp;
        return 0;
}

static int port_raise_form(const char *text, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%.100s': expected [ADDRESS:]HOST:CONTAINER, an IPv6 address in brackets", text);
}

/* Splits "ADDRESS:" off the front of `text`, when it has one. */
static int split_address(const char *text, const char **ret_rest, char **ret_address, Error *reterr) {
        const char *end, *second;

        if (text[0] == '[') {
                end = strchr(text, ']');
                if (!end || end[1] != ':' || !memchr(text, ':', (size_t) (end - text)))
                        return port_raise_form(text, reterr);
                *ret_address = xstrndup(text + 1, (size_t) (end - text) - 1);
                *ret_rest = end + 2;
                return 0;
        }
        end = strchr(text, ':');
        second = end ? strchr(end + 1, ':') : NULL;
        if (!second) {
                *ret_rest = text;
                return 0;
        }
        if (strchr(second + 1, ':'))
                return port_raise_form(text, reterr);
        *ret_address = xstrndup(text, (size_t) (end - text));
        *ret_rest = end + 1;
        return 0;
}

/* "HOST:CONTAINER", or "PORT" when no address stands in front of it. */
static int parse_pair(const char *s, size_t n, const char *text, PortRange *range, Error *reterr) {
        const char *colon = memchr(s, ':', n);
        size_t n_host = colon ? (size_t) (colon - s) : n;
        Port *port = &range->first;
        unsigned n_ports;
        int r;

        if (!colon && port->address)
                return port_raise_form(text, reterr);
        if (!colon) {
                r = parse_numbers(s, n, text, &port->container, &range->n, reterr);
                port->host = port->container;
                return r;
        }
        if (memchr(colon + 1, ':', n - n_host - 1))
                return port_raise_form(text, reterr);
        r = parse_host(s, n_host, text, &port->host, &n_ports, reterr);
        if (r >= 0)
                r = parse_numbers(colon + 1, n - n_host - 1, text, &port->container, &range->n, reterr);
        if (r >= 0 && n_ports > 0 && n_ports != range->n)
                r = error_raise(reterr, FC_EXIT_USAGE,
                                "'%.100s': there must be as many ports on the host as in the container, "
                                "not %u and %u",
                                text, n_ports, range->n);
        return r;
}

int port_range_parse(const char *text, PortRange *ret, Error *reterr) {
        _cleanup_(port_range_done) PortRange range = {0};
        _cleanup_free_ char *address = NULL;
        const char *rest, *slash;
        int r;

        r = split_address(text, &rest, &address, reterr);
        if (r < 0)
                return r;
        if (address) {
                r = port_parse_address(address, &range.first.address, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "'%.100s'", text);
        }
        slash = strchr(rest, '/');
        if (slash) {
                r = port_parse_protocol(slash + 1, &range.first.udp, reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "'%.100s'", text);
        }
        r = parse_pair(rest, slash ? (size_t) (slash - rest) : strlen(rest), text, &range, reterr);
        if (r < 0)
                return r;
        *ret = range;
        range = (PortRange){0};
        return 0;
}

char *port_split_name(const char *text, const char **ret_rest) {
        const char *colon = strchr(text, ':');
        size_t n = colon ? (size_t) (colon - text) : 0;

        *ret_rest = text;
        if (!colon || text[0] == '[' || strspn(text, "0123456789.-") >= n)
                return NULL;
        if (n == strlen("auto") && startswith(text, "auto") && !strchr(colon + 1, ':'))
                return NULL;
        *ret_rest = colon + 1;
        return xstrndup(text, n);
}

Port port_range_get(const PortRange *range, unsigned number) {
        Port port = range->first;

        port.address = xstrdup(port.address);
        port.host = port.host > 0 ? (uint16_t) (port.host + number) : 0;
        port.container = (uint16_t) (port.container + number);
        return port;
}

static int parse_json_address(const Json *value, const char *path, void *target, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = port_parse_address(json_string(value), &((Port *) target)->address, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static int parse_json_host(const Json *value, const char *path, void *target, Error *reterr) {
        ((Port *) target)->host = 0;
        return json_type(value) == JSON_STRING
                       ? 0
                       : value_parse_port(value, path, &((Port *) target)->host, reterr);
}

static int parse_json_container(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_port(value, path, &((Port *) target)->container, reterr);
}

static int parse_json_protocol(const Json *value, const char *path, void *target, Error *reterr) {
        (void) path;
        return port_parse_protocol(json_string(value), &((Port *) target)->udp, reterr);
}

static int parse_json_proxy_protocol(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((Port *) target)->proxy_protocol, reterr);
}

static const JsonField port_fields[] = {
        {"address", parse_json_address, .shape = &address_shape},
        {"host", parse_json_host, .mandatory = true, .shape = &host_port_shape},
        {"container", parse_json_container, .mandatory = true, .shape = &port_number_shape},
        {"protocol", parse_json_protocol, .shape = &protocol_shape},
        {"proxyProtocol", parse_json_proxy_protocol, .shape = &bool_shape},
};

static const JsonShape port_object_shape = JSON_OBJECT_OF(port_fields),
                       port_shape = JSON_EITHER_OF(&short_form_shape, &port_object_shape),
                       ports_shape = {.kind = JSON_SHAPE_ARRAY, .max = PORTS_MAX, .element = &port_shape};

static int port_parse_element(const Json *value, const char *path, void *ret, Error *reterr) {
        PortRange *range = ret;
        int r;

        range->n = 1;
        if (json_type(value) != JSON_STRING)
                return value_parse_long_form(value, path, port_fields, ELEMENTSOF(port_fields),
                                             &range->first, reterr);
        r = port_range_parse(json_string(value), range, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static int ports_expand(const PortRange *ranges, size_t n_ranges, const char *path, ContainerSpec *c,
                        Error *reterr) {
        size_t n = 0;

        for (size_t i = 0; i < n_ranges; i++)
                n += ranges[i].n;
        if (n > PORTS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: a container publishes at most %d ports, not %zu", path, PORTS_MAX,
                                   n);
        c->ports = xnew0(Port, n);
        for (size_t i = 0; i < n_ranges; i++)
                for (unsigned k = 0; k < ranges[i].n; k++) {
                        c->ports[c->n_ports] = port_range_get(&ranges[i], k);
                        c->ports[c->n_ports++].element = i;
                }
        return 0;
}

static int parse_ports(const Json *value, const char *path, void *target, Error *reterr) {
        _cleanup_free_ PortRange *ranges = NULL;
        size_t n = 0;
        int r;

        r = VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, port_parse_element, &ranges, &n, reterr);
        if (r >= 0)
                r = ports_expand(ranges, n, path, target, reterr);
        for (size_t i = 0; i < n; i++)
                port_range_done(&ranges[i]);
        return r;
}

static Json *print_port(const Port *port) {
        Json *json = json_new_object();

        json_add_string(json, "address", port->address);
        if (port->host > 0)
                json_add_uint(json, "host", port->host);
        else
                json_add_string(json, "host", "auto");
        json_add_uint(json, "container", port->container);
        json_add_string(json, "protocol", port->udp ? "udp" : "tcp");
        if (port->proxy_protocol)
                json_add_bool(json, "proxyProtocol", true);
        return json;
}

static Json *print_ports(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_ports; i++)
                json_append(json, print_port(&c->ports[i]));
        return json;
}

static int check_ports(const ContainerSpec *c, Error *reterr) {
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
        if (c->n_ports > 0 && c->network == NETWORK_CONTAINER)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.ports: its network is that of '%s', and so are its ports: "
                                   "give them to containers.%s.ports",
                                   c->name, c->network_of, c->network_of);
        for (size_t i = 0; i < c->n_ports; i++)
                if (c->ports[i].udp && c->ports[i].proxy_protocol)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.ports[%zu].proxyProtocol: only with 'tcp'",
                                           c->name, c->ports[i].element);
        return 0;
}

int ports_add_once(ContainerSpec *c, PortRange *range, Error *reterr) {
        size_t n = c->n_ports + range->n;
        int r = 0;

        if (n > PORTS_MAX)
                r = error_raise(reterr, FC_EXIT_USAGE, "a container publishes at most %d ports, not %zu",
                                PORTS_MAX, n);
        for (unsigned k = 0; r >= 0 && k < range->n; k++) {
                Port port = port_range_get(range, k);

                port.element = c->n_ports;
                *XGROW(c->ports, c->n_ports) = port;
        }
        port_range_done(range);
        return r < 0 ? r : check_ports(c, reterr);
}

const SpecKey ports_key = {
        .name = "ports",
        .shape = &ports_shape,
        .parse = parse_ports,
        .print = print_ports,
        .check = check_ports,
};
