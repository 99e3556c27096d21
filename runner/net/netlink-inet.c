/* SPDX-License-Identifier: MIT */

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "base/alloc.h"
#include "net/netlink-request.h"

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

int netlink_default_route_set(Netlink *netlink, int index, uint32_t gateway) {
        struct rtmsg header = {
                .rtm_family = AF_INET,
                .rtm_table = RT_TABLE_MAIN,
                .rtm_protocol = RTPROT_STATIC,
                .rtm_scope = RT_SCOPE_UNIVERSE,
                .rtm_type = RTN_UNICAST,
        };
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));
        uint32_t via = htonl(gateway);

        netlink_put(message, RTA_GATEWAY, &via, sizeof(via));
        netlink_put_u32(message, RTA_OIF, (uint32_t) index);
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
