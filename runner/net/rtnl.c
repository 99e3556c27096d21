/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "net/netlink.h"
#include "net/rtnl.h"
#include "plan/address6.h"

static int open_beside(const char *except_ifname, Netlink **ret, int *ret_except, Error *reterr) {
        Link except = {0};
        int r;

        r = netlink_open(ret, reterr);
        if (r < 0)
                return r;
        if (except_ifname) {
                r = netlink_link_find(*ret, except_ifname, &except);
                if (r < 0)
                        return error_set(reterr, r, "look up interface '%s'", except_ifname);
        }
        *ret_except = except.index;
        return 0;
}

int routes_read(const char *except_ifname, Subnet **ret, size_t *ret_n, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        int except, r;

        r = open_beside(except_ifname, &netlink, &except, reterr);
        if (r < 0)
                return r;
        r = netlink_routes(netlink, except, ret, ret_n);
        return r < 0 ? error_set(reterr, r, "read the host's routes") : 0;
}

int routes_find6(const char *except_ifname, const struct in6_addr *network, Route6 *ret, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        int except, r;

        r = open_beside(except_ifname, &netlink, &except, reterr);
        if (r < 0)
                return r;
        r = netlink_find_route6(netlink, except, network, ADDRESS6_PREFIX, ret);
        return r < 0 ? error_set(reterr, r, "read the host's IPv6 routes") : 0;
}

static int write_setting(const char *family, const char *what, const char *name, const char *key,
                         const char *value, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("/proc/sys/net/%s/%s/%s/%s", family, what, name, key);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if ((fd < 0 || write(fd, value, strlen(value)) < 0) && errno != ENOENT)
                return error_set(reterr, errno, "set '%s' to %s", path, value);
        return 0;
}

int rtnl_set_conf(const char *family, const char *name, const char *key, const char *value, Error *reterr) {
        return write_setting(family, "conf", name, key, value, reterr);
}

int rtnl_set_neighbours(const char *family, const char *name, const char *key, const char *value,
                        Error *reterr) {
        return write_setting(family, "neigh", name, key, value, reterr);
}

int rtnl_set_confs(const RtnlConf *confs, size_t n, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = rtnl_set_conf(confs[i].family, confs[i].name, confs[i].key, confs[i].value, reterr);
        return r;
}

static int set_one_forwarding(const RtnlForwarding *f, Error *reterr) {
        const RtnlConf confs[] = {
                {"ipv4", f->interface, "rp_filter", f->check_source ? "1" : "0"},
                {"ipv4", f->interface, "route_localnet", "0"},
                {"ipv4", f->interface, "accept_local", "0"},
        };

        return rtnl_set_confs(confs, ELEMENTSOF(confs), reterr);
}

int rtnl_set_forwarding(const RtnlForwarding *interfaces, size_t n, Error *reterr) {
        static const RtnlConf confs[] = {
                {"ipv4", "all", "forwarding", "1"},
                /* The higher of this and an interface's counts, and 2 is a weaker check than 1. */
                {"ipv4", "all", "rp_filter", "0"},
                {"ipv4", "all", "route_localnet", "0"},
                {"ipv4", "all", "accept_local", "0"},
        };
        int r = rtnl_set_confs(confs, ELEMENTSOF(confs), reterr);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = set_one_forwarding(&interfaces[i], reterr);
        return r;
}
