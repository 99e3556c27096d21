/* SPDX-License-Identifier: MIT */

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "net/netlink-request.h"

/* Behind the rule for local addresses, also where that was moved from 0 to 100 to make room (Cilium), and
 * before all that leads elsewhere. */
#define PRIORITY 200

static int rule_request(Netlink *netlink, int type, int flags, int family, const char *interface) {
        struct fib_rule_hdr header = {.family = (uint8_t) family, .action = FR_ACT_UNREACHABLE};
        _cleanup_message_ struct nl_msg *message = netlink_message_new(type, flags, &header, sizeof(header));

        netlink_put_u32(message, FRA_PRIORITY, PRIORITY);
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
