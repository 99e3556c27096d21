/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "net/old-bridge.h"

/* Kernels without rules have none of these. */
static int remove_rules(Netlink *netlink, const char *name, Error *reterr) {
        static const int families[] = {AF_INET, AF_INET6};

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = netlink_rule_remove(netlink, families[i], name);

                if (r < 0 && r != -EAFNOSUPPORT && r != -EOPNOTSUPP)
                        return error_set(reterr, r, "remove the rule of bridge '%s'", name);
        }
        return 0;
}

int old_bridge_release(Netlink *netlink, const char *name, int index, bool *ret_removed, Error *reterr) {
        size_t n_ports;
        int r;

        r = netlink_count_ports(netlink, index, &n_ports);
        if (r < 0)
                return error_set(reterr, r, "count the ports of bridge '%s'", name);
        *ret_removed = n_ports == 0;
        if (n_ports > 0)
                return 0;
        r = netlink_link_delete(netlink, index);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "remove bridge '%s'", name);
        return remove_rules(netlink, name, reterr);
}

int old_port_remove(const char *machine, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_free_ char *name = xasprintf("vb-%s", machine);
        int r;

        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        r = netlink_link_delete_named(netlink, name);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "remove interface '%s'", name);
        return 0;
}
