/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "net/router-internal.h"
#include "net/router6.h"
#include "net/rtnl.h"
#include "plan/address6.h"

#define LINK_LOCAL_PREFIX 64

bool router6_is_wanted(void) {
        _cleanup_close_ int fd = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_RDONLY | O_CLOEXEC);
        char value = '1';

        return fd >= 0 && read(fd, &value, 1) == 1 && value == '0';
}

static struct in6_addr router_address(void) {
        struct in6_addr address;

        (void) inet_pton(AF_INET6, ROUTER_ADDRESS6, &address);
        return address;
}

/* The kernel says both by what it lets a socket do: it is bound to an address of the host's only, and gets a
 * peer only where there is a route. Nothing is sent. */
bool router6_has(const char *name, const Subnet *subnet) {
        _cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_addr = address6_of_host(name)},
                                  other = {.sin6_family = AF_INET6,
                                           .sin6_addr =
                                                   address6_of(name, &subnet->network6, SUBNET_OCTET_MIN),
                                           .sin6_port = htons(9)};

        return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t) strlen(name)) >= 0 &&
               bind(fd, (const struct sockaddr *) &own, sizeof(own)) >= 0 &&
               connect(fd, (const struct sockaddr *) &other, sizeof(other)) >= 0;
}

/* The containers' network, or the host's address, behind the router. On the host another program, such as a
 * VPN, may route a network that the specification gives by now: that keeps its route, and router6_has()
 * tells. */
static int set_route_by_router(Netlink *netlink, int index, const struct in6_addr *to, uint8_t prefix) {
        const struct in6_addr router = router_address();
        int r = netlink_route_set(netlink, &(Route){.family = AF_INET6,
                                                    .to = to,
                                                    .prefix = prefix,
                                                    .index = index,
                                                    .via = &router,
                                                    .keep = true});

        return r == -EEXIST ? 0 : r;
}

int router6_set_up_host(Netlink *host, const char *name, int index, const Subnet *subnet, Error *reterr) {
        const RtnlConf confs[] = {
                /* Routers and redirections are not listened to: a container's root must not become the way
                 * to anywhere. First, and before there is an address that would be asked for. */
                {"ipv6", name, "accept_ra", "0"},  {"ipv6", name, "accept_redirects", "0"},
                {"ipv6", name, "autoconf", "0"},   {"ipv6", name, "forwarding", "0"},
                {"ipv6", name, "accept_dad", "0"}, {"ipv6", name, "disable_ipv6", "0"},
        };
        const struct in6_addr address = address6_of_host(name),
                              network = address6_of(name, &subnet->network6, 0);
        int r = rtnl_set_confs(confs, ELEMENTSOF(confs), reterr);

        if (r < 0)
                return r;
        r = netlink_address6_add(host, index, &address, 128);
        if (r >= 0)
                r = set_route_by_router(host, index, &network, ADDRESS6_PREFIX);
        return r < 0 ? error_set(reterr, r, "give interface '%s' its IPv6 address", name) : 0;
}

int router6_set_conf(Error *reterr) {
        static const RtnlConf confs[] = {
                {"ipv6", "all", "forwarding", "1"},
                /* Its address is given, and no other is made. */
                {"ipv6", ROUTER_BRIDGE, "addr_gen_mode", "1"},
                {"ipv6", ROUTER_HOST, "addr_gen_mode", "1"},
                {"ipv6", ROUTER_BRIDGE, "accept_ra", "0"},
                {"ipv6", ROUTER_HOST, "accept_ra", "0"},
                {"ipv6", ROUTER_BRIDGE, "accept_redirects", "0"},
                {"ipv6", ROUTER_HOST, "accept_redirects", "0"},
                {"ipv6", ROUTER_BRIDGE, "disable_ipv6", "0"},
                {"ipv6", ROUTER_HOST, "disable_ipv6", "0"},
        };

        return rtnl_set_confs(confs, ELEMENTSOF(confs), reterr);
}

/* IPv6 has no rp_filter: a rule lets pass what may come over a link, and another one strands the rest. */
static int set_link_inside(Netlink *inside, const char *link, int index, const struct in6_addr *source,
                           uint8_t prefix) {
        const struct in6_addr router = router_address();
        int r = netlink_rule_strand(inside, AF_INET6, link);

        if (r >= 0)
                r = netlink_rule_pass6(inside, link, source, prefix);
        if (r >= 0)
                r = netlink_address6_add(inside, index, &router, LINK_LOCAL_PREFIX);
        if (r >= 0)
                r = netlink_route_set(
                        inside,
                        &(Route){.family = AF_INET6, .to = source, .prefix = prefix, .index = index});
        return r;
}

int router6_set_up_inside(Netlink *inside, const char *name, const Subnet *subnet, int bridge, int host) {
        const struct in6_addr network = address6_of(name, &subnet->network6, 0),
                              address = address6_of_host(name);
        int r = set_link_inside(inside, ROUTER_BRIDGE, bridge, &network, ADDRESS6_PREFIX);

        if (r >= 0)
                r = set_link_inside(inside, ROUTER_HOST, host, &address, 128);
        /* A kernel without rules: containers reach each other, and nothing else. */
        return netlink_is_without_ipv6(r) ? 0 : r;
}

int router6_set_up_port(Netlink *netlink, const char *name, int index, const struct in6_addr *network6,
                        uint8_t octet) {
        const struct in6_addr address = address6_of(name, network6, octet), host = address6_of_host(name);
        int r = netlink_address6_add(netlink, index, &address, ADDRESS6_PREFIX);

        if (r >= 0)
                r = set_route_by_router(netlink, index, &host, 128);
        return netlink_is_without_ipv6(r) ? 0 : r;
}
