/* SPDX-License-Identifier: MIT */

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "net/netlink-request.h"

static void on_link(struct nlmsghdr *header, void *userdata) {
        struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
        const struct ifinfomsg *message = nlmsg_data(header);
        Link *link = userdata;

        if (nlmsg_parse(header, sizeof(*message), tb, IFLA_MAX, NULL) < 0)
                return;
        link->index = message->ifi_index;
        link->up = message->ifi_flags & IFF_UP;
        if (tb[IFLA_MASTER])
                link->master = (int) nla_get_u32(tb[IFLA_MASTER]);
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

int netlink_link_up(Netlink *netlink, int index) {
        struct ifinfomsg header = {
                .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, 0, &header, sizeof(header));

        return netlink_request(netlink, message, NULL, NULL);
}

int netlink_link_attach(Netlink *netlink, int index, int master) {
        struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
        _cleanup_message_ struct nl_msg *message =
                netlink_message_new(RTM_NEWLINK, 0, &header, sizeof(header));

        netlink_put_u32(message, IFLA_MASTER, (uint32_t) master);
        return netlink_request(netlink, message, NULL, NULL);
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
