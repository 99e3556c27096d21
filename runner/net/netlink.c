/* SPDX-License-Identifier: MIT */

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/process.h"
#include "net/netlink-request.h"
#include "net/netlink.h"

/* ---- interfaces ---- */

static void on_link(struct nlmsghdr *header, void *userdata) {
        struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
        const struct ifinfomsg *message = nlmsg_data(header);
        Link *link = userdata;

        if (nlmsg_parse(header, sizeof(*message), tb, IFLA_MAX, NULL) < 0)
                return;
        link->index = message->ifi_index;
        link->up = message->ifi_flags & IFF_UP;
        link->ethernet = message->ifi_type == ARPHRD_ETHER;
        if (tb[IFLA_MASTER])
                link->master = (int) nla_get_u32(tb[IFLA_MASTER]);
        if (tb[IFLA_MTU])
                link->mtu = nla_get_u32(tb[IFLA_MTU]);
        if (tb[IFLA_LINK])
                link->peer = (int) nla_get_u32(tb[IFLA_LINK]);
        if (tb[IFLA_LINKINFO] && nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) >= 0 &&
            info[IFLA_INFO_KIND])
                (void) nla_strlcpy(link->kind, info[IFLA_INFO_KIND], sizeof(link->kind));
}

static void put_name(struct nl_msg *message, const char *name) {
        netlink_put_string(message, strlen(name) < LINK_NAME_MAX ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
}

int netlink_link_find(Netlink *netlink, const char *name, Link *ret) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_GETLINK, 0, &header, sizeof(header));
        Link link = {0};
        int r;

        put_name(message, name);
        r = netlink_request(netlink, message, on_link, &link);
        if (r < 0 && r != -ENODEV)
                return r;
        *ret = link;
        return 0;
}

int netlink_link_delete_named(Netlink *netlink, const char *name) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_DELLINK, 0, &header, sizeof(header));

        put_name(message, name);
        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_bridge_create(Netlink *netlink, const char *name, const uint8_t mac[6]) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
        struct nlattr *info, *data;

        if (strlen(name) >= LINK_NAME_MAX)
                return -ENAMETOOLONG;
        netlink_put_string(message, IFLA_IFNAME, name);
        netlink_put(message, IFLA_ADDRESS, mac, 6);
        info = nla_nest_start(message, IFLA_LINKINFO);
        netlink_put_string(message, IFLA_INFO_KIND, "bridge");
        data = nla_nest_start(message, IFLA_INFO_DATA);
        netlink_put_u32(message, IFLA_BR_STP_STATE, 0);
        netlink_put_u32(message, IFLA_BR_FORWARD_DELAY, 0);
        (void) nla_nest_end(message, data);
        (void) nla_nest_end(message, info);
        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_veth_create(Netlink *netlink, const char *name, const char *peer, const uint8_t peer_mac[6],
                        int peer_netns_fd) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
        struct nlattr *info, *data, *other;

        netlink_put_string(message, IFLA_IFNAME, name);
        info = nla_nest_start(message, IFLA_LINKINFO);
        netlink_put_string(message, IFLA_INFO_KIND, "veth");
        data = nla_nest_start(message, IFLA_INFO_DATA);
        other = nla_nest_start(message, VETH_INFO_PEER);
        (void) nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
        netlink_put_string(message, IFLA_IFNAME, peer);
        if (peer_mac)
                netlink_put(message, IFLA_ADDRESS, peer_mac, 6);
        netlink_put_u32(message, IFLA_NET_NS_FD, (uint32_t) peer_netns_fd);
        (void) nla_nest_end(message, other);
        (void) nla_nest_end(message, data);
        (void) nla_nest_end(message, info);
        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_macvlan_create(Netlink *netlink, const char *name, int lower, bool alone, const uint8_t mac[6],
                           int netns_fd) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
        struct nlattr *info, *data;

        netlink_put_string(message, IFLA_IFNAME, name);
        netlink_put(message, IFLA_ADDRESS, mac, 6);
        netlink_put_u32(message, IFLA_LINK, (uint32_t) lower);
        netlink_put_u32(message, IFLA_NET_NS_FD, (uint32_t) netns_fd);
        info = nla_nest_start(message, IFLA_LINKINFO);
        netlink_put_string(message, IFLA_INFO_KIND, "macvlan");
        data = nla_nest_start(message, IFLA_INFO_DATA);
        netlink_put_u32(message, IFLA_MACVLAN_MODE, alone ? MACVLAN_MODE_PASSTHRU : MACVLAN_MODE_BRIDGE);
        (void) nla_nest_end(message, data);
        (void) nla_nest_end(message, info);
        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_link_up(Netlink *netlink, int index) {
        struct ifinfomsg header = {
                .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, 0, &header, sizeof(header));

        return netlink_request(netlink, message, NULL, NULL);
}

static int link_set_u32(Netlink *netlink, int index, int attribute, uint32_t value) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, 0, &header, sizeof(header));

        netlink_put_u32(message, attribute, value);
        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_link_move(Netlink *netlink, int index, int netns_fd) {
        return link_set_u32(netlink, index, IFLA_NET_NS_FD, (uint32_t) netns_fd);
}

int netlink_link_set_mtu(Netlink *netlink, int index, uint32_t mtu) {
        return link_set_u32(netlink, index, IFLA_MTU, mtu);
}

int netlink_link_attach(Netlink *netlink, int index, int master) {
        return link_set_u32(netlink, index, IFLA_MASTER, (uint32_t) master);
}

int netlink_link_delete(Netlink *netlink, int index) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_DELLINK, 0, &header, sizeof(header));

        return netlink_request(netlink, message, NULL, NULL);
}

typedef struct PortCount {
        uint32_t bridge;
        size_t n;
} PortCount;

static void restart_ports(void *userdata) {
        PortCount *count = userdata;

        count->n = 0;
}

static void on_port(struct nlmsghdr *header, void *userdata) {
        PortCount *count = userdata;
        struct nlattr *master = nlmsg_find_attr(header, sizeof(struct ifinfomsg), IFLA_MASTER);

        if (master && nla_get_u32(master) == count->bridge)
                count->n++;
}

int netlink_count_ports(Netlink *netlink, int index, size_t *ret) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
        PortCount count = {.bridge = (uint32_t) index};
        int r;

        r = netlink_dump(netlink, RTM_GETLINK, &header, sizeof(header), restart_ports, on_port, &count);
        if (r < 0)
                return r;
        *ret = count.n;
        return 0;
}

/* ---- addresses and routes ---- */

static int address_request(Netlink *netlink, int type, int flags, int index, uint32_t address,
                           uint8_t prefix) {
        struct ifaddrmsg header = {
                .ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = (unsigned) index};
        _cleanup_message_ struct nl_msg *message = netlink_message_new(type, flags, &header, sizeof(header));
        uint32_t local = htonl(address);

        netlink_put(message, IFA_LOCAL, &local, sizeof(local));
        netlink_put(message, IFA_ADDRESS, &local, sizeof(local));
        if (prefix < 31) {
                uint32_t broadcast = htonl(address | UINT32_MAX >> prefix);

                netlink_put(message, IFA_BROADCAST, &broadcast, sizeof(broadcast));
        }
        return netlink_request(netlink, message, NULL, NULL);
}

typedef struct AddressList {
        uint32_t index;
        struct {
                uint32_t address;
                uint8_t prefix;
        } * items;
        size_t n;
} AddressList;

static void address_list_done(AddressList *list) {
        free(list->items);
}

static void restart_addresses(void *userdata) {
        AddressList *list = userdata;

        list->n = 0;
}

static void on_address(struct nlmsghdr *header, void *userdata) {
        AddressList *list = userdata;
        const struct ifaddrmsg *message = nlmsg_data(header);
        struct nlattr *local = nlmsg_find_attr(header, sizeof(*message), IFA_LOCAL);

        if (message->ifa_index != list->index || !local)
                return;
        (void) XGROW(list->items, list->n);
        list->items[list->n - 1].address = ntohl(nla_get_u32(local));
        list->items[list->n - 1].prefix = message->ifa_prefixlen;
}

int netlink_address_set(Netlink *netlink, int index, uint32_t address, uint8_t prefix) {
        _cleanup_(address_list_done) AddressList list = {.index = (uint32_t) index};
        struct ifaddrmsg header = {.ifa_family = AF_INET};
        int r;

        r = netlink_dump(netlink, RTM_GETADDR, &header, sizeof(header), restart_addresses, on_address,
                         &list);
        if (r < 0)
                return r;
        /* First, because the kernel removes the later addresses of a network with the first one of it. */
        for (size_t i = 0; i < list.n; i++) {
                if (list.items[i].address == address && list.items[i].prefix == prefix)
                        continue;
                r = address_request(netlink, RTM_DELADDR, 0, index, list.items[i].address,
                                    list.items[i].prefix);
                if (r < 0 && r != -EADDRNOTAVAIL)
                        return r;
        }
        return address_request(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address, prefix);
}

int netlink_address6_add(Netlink *netlink, int index, const struct in6_addr *address, uint8_t prefix) {
        struct ifaddrmsg header = {.ifa_family = AF_INET6,
                                   .ifa_prefixlen = prefix,
                                   .ifa_flags = IFA_F_NODAD,
                                   .ifa_index = (unsigned) index};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));

        netlink_put(message, IFA_LOCAL, address, sizeof(*address));
        return netlink_request(netlink, message, NULL, NULL);
}

bool netlink_is_without_ipv6(int r) {
        return r == -EAFNOSUPPORT || r == -EOPNOTSUPP || r == -EACCES || r == -EPERM;
}

int netlink_route_set(Netlink *netlink, const Route *route) {
        struct rtmsg header = {
                .rtm_family = (uint8_t) route->family,
                .rtm_dst_len = route->prefix,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_protocol = RTPROT_STATIC,
                .rtm_type = route->index > 0 ? RTN_UNICAST : RTN_UNREACHABLE,
                .rtm_scope = route->index > 0 && !route->via ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                .rtm_flags = route->via ? RTNH_F_ONLINK : 0,
        };
        size_t size = route->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWROUTE, NLM_F_CREATE | (route->keep ? NLM_F_EXCL : NLM_F_REPLACE),
                                    &header, sizeof(header));

        if (route->to)
                netlink_put(message, RTA_DST, route->to, size);
        if (route->via)
                netlink_put(message, RTA_GATEWAY, route->via, size);
        if (route->source)
                netlink_put(message, RTA_PREFSRC, route->source, size);
        if (route->index > 0)
                netlink_put_u32(message, RTA_OIF, (uint32_t) route->index);
        return netlink_request(netlink, message, NULL, NULL);
}

typedef struct RouteList {
        int except_index;
        Subnet *items;
        size_t n;
} RouteList;

static void route_list_done(RouteList *list) {
        free(list->items);
}

static void restart_routes(void *userdata) {
        RouteList *list = userdata;

        list->n = 0;
}

static void on_route(struct nlmsghdr *header, void *userdata) {
        RouteList *list = userdata;
        const struct rtmsg *message = nlmsg_data(header);
        struct nlattr *tb[RTA_MAX + 1];
        Subnet *subnet;

        if (nlmsg_parse(header, sizeof(*message), tb, RTA_MAX, NULL) < 0 || message->rtm_family != AF_INET)
                return;
        if (list->except_index > 0 && tb[RTA_OIF] &&
            nla_get_u32(tb[RTA_OIF]) == (uint32_t) list->except_index)
                return;
        subnet = XGROW(list->items, list->n);
        subnet->network = tb[RTA_DST] ? ntohl(nla_get_u32(tb[RTA_DST])) : 0;
        subnet->prefix = message->rtm_dst_len;
}

int netlink_routes(Netlink *netlink, int except_index, Subnet **ret, size_t *ret_n) {
        _cleanup_(route_list_done) RouteList list = {.except_index = except_index};
        struct rtmsg header = {.rtm_family = AF_INET};
        int r;

        r = netlink_dump(netlink, RTM_GETROUTE, &header, sizeof(header), restart_routes, on_route, &list);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list.items);
        *ret_n = list.n;
        return 0;
}

/* What is shorter is the default route, or what some VPNs set in its place. */
#define ROUTE_PREFIX_MIN 8

typedef struct RouteSearch {
        const struct in6_addr *network;
        uint8_t prefix;
        int except_index;
        Route6 found;
} RouteSearch;

static void restart_search(void *userdata) {
        ((RouteSearch *) userdata)->found = (Route6){};
}

/* The first @n bits of both. */
static bool begin_alike(const struct in6_addr *a, const struct in6_addr *b, uint8_t n) {
        return memcmp(a, b, n / 8) == 0 &&
               (n % 8 == 0 || (a->s6_addr[n / 8] ^ b->s6_addr[n / 8]) >> (8 - n % 8) == 0);
}

static void on_route6(struct nlmsghdr *header, void *userdata) {
        RouteSearch *search = userdata;
        const struct rtmsg *message = nlmsg_data(header);
        struct nlattr *tb[RTA_MAX + 1];
        Route6 route = {.prefix = message->rtm_dst_len};
        uint8_t prefix = route.prefix < search->prefix ? route.prefix : search->prefix;

        if (nlmsg_parse(header, sizeof(*message), tb, RTA_MAX, NULL) < 0 ||
            message->rtm_family != AF_INET6 || route.prefix < ROUTE_PREFIX_MIN || !tb[RTA_DST])
                return;
        route.index = tb[RTA_OIF] ? (int) nla_get_u32(tb[RTA_OIF]) : 0;
        memcpy(&route.to, nla_data(tb[RTA_DST]), sizeof(route.to));
        if (begin_alike(&route.to, search->network, prefix) &&
            (search->except_index == 0 || route.index != search->except_index))
                search->found = route;
}

int netlink_find_route6(Netlink *netlink, int except_index, const struct in6_addr *network, uint8_t prefix,
                        Route6 *ret) {
        RouteSearch search = {.network = network, .prefix = prefix, .except_index = except_index};
        struct rtmsg header = {.rtm_family = AF_INET6};
        int r = netlink_dump(netlink, RTM_GETROUTE, &header, sizeof(header), restart_search, on_route6,
                             &search);

        if (r >= 0)
                *ret = search.found;
        return r;
}

static void restart_default_route(void *userdata) {
        *(bool *) userdata = false;
}

static void on_default_route(struct nlmsghdr *header, void *userdata) {
        const struct rtmsg *message = nlmsg_data(header);

        if (message->rtm_dst_len == 0 && message->rtm_type == RTN_UNICAST &&
            message->rtm_table == RT_TABLE_MAIN && nlmsg_find_attr(header, sizeof(*message), RTA_OIF))
                *(bool *) userdata = true;
}

int netlink_has_default_route(Netlink *netlink, bool *ret) {
        static const uint8_t families[] = {AF_INET, AF_INET6};
        bool found = false;

        for (size_t i = 0; !found && i < ELEMENTSOF(families); i++) {
                struct rtmsg header = {.rtm_family = families[i]};
                int r = netlink_dump(netlink, RTM_GETROUTE, &header, sizeof(header), restart_default_route,
                                     on_default_route, &found);

                if (r < 0)
                        return r;
        }
        *ret = found;
        return 0;
}

/* ---- rules ---- */

/* Behind the rule for local addresses, also where that was moved from 0 to 100 to make room (Cilium), and
 * before all that leads elsewhere. */
#define RULE_PRIORITY 200

static int rule_request(Netlink *netlink, int type, int flags, int family, const char *interface) {
        struct fib_rule_hdr header = {.family = (uint8_t) family, .action = FR_ACT_UNREACHABLE};
        _cleanup_message_ struct nl_msg *message = netlink_message_new(type, flags, &header, sizeof(header));

        netlink_put_u32(message, FRA_PRIORITY, RULE_PRIORITY);
        netlink_put_string(message, FRA_IIFNAME, interface);
        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_rule_strand(Netlink *netlink, int family, const char *interface) {
        int r = rule_request(netlink, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, family, interface);

        return r == -EEXIST ? 0 : r;
}

int netlink_rule_remove(Netlink *netlink, int family, const char *interface) {
        int r = rule_request(netlink, RTM_DELRULE, 0, family, interface);

        return r == -ENOENT ? 0 : r;
}

/* Before the rule that strands the rest. */
int netlink_rule_pass6(Netlink *netlink, const char *interface, const struct in6_addr *source,
                       uint8_t prefix) {
        struct fib_rule_hdr header = {
                .family = AF_INET6, .src_len = prefix, .table = RT_TABLE_MAIN, .action = FR_ACT_TO_TBL};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
        int r;

        netlink_put_u32(message, FRA_PRIORITY, RULE_PRIORITY - 1);
        netlink_put_string(message, FRA_IIFNAME, interface);
        netlink_put(message, FRA_SRC, source, sizeof(*source));
        r = netlink_request(netlink, message, NULL, NULL);
        return r == -EEXIST ? 0 : r;
}

/* ---- changes ---- */

int netlink_monitor_open(void) {
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Return: did anything arrive? An overflow (ENOBUFS) says that much, too. */
static bool monitor_drain(int fd) {
        bool any = false;
        char byte;

        for (;;) {
                if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
                        any = true;
                else if (errno != EINTR)
                        return any;
        }
}

int netlink_monitor_wait(int fd, int other_fd, uint64_t deadline_usec) {
        for (;;) {
                struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = other_fd, .events = POLLIN}};
                uint64_t now = now_usec();
                int n;

                if (now >= deadline_usec)
                        return 0;
                n = poll(p, ELEMENTSOF(p), (int) ((deadline_usec - now + 999) / 1000));
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n <= 0)
                        continue;
                if (monitor_drain(fd))
                        return 1;
                if (p[1].revents)
                        return -ECANCELED;
        }
}
