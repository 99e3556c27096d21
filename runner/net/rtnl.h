/* SPDX-License-Identifier: MIT */
#pragma once

/* The network namespace of the calling thread, without a look at what is ours in it; rtnetlink(7). */

#include "net/netlink.h"

/**
 * routes_read() - all IPv4 destinations that the host routes, in all tables
 * @except_ifname: leave out what goes over this interface (the project's own); it may be missing, or NULL
 * @ret: owned by the caller
 */
int routes_read(const char *except_ifname, Subnet **ret, size_t *ret_n, Error *reterr);

/* A route of IPv6 that has addresses in common with a project's network; prefix 0: there is none. */
int routes_find6(const char *except_ifname, const struct in6_addr *network, Route6 *ret, Error *reterr);

/**
 * rtnl_set_conf() - write a setting of an interface for which there is no netlink message
 * @family: "ipv4" or "ipv6"
 * @name: the interface's, or "all"
 *
 * None is success: a kernel without IPv6 has no such file, and neither has an interface that vanished.
 */
int rtnl_set_conf(const char *family, const char *name, const char *key, const char *value, Error *reterr);

/* Likewise, of its table of neighbours. */
int rtnl_set_neighbours(const char *family, const char *name, const char *key, const char *value,
                        Error *reterr);

typedef struct RtnlConf {
        const char *family, *name, *key, *value;
} RtnlConf;

/* rtnl_set_conf() for each, up to the first that fails. */
int rtnl_set_confs(const RtnlConf *confs, size_t n, Error *reterr);

typedef struct RtnlForwarding {
        const char *interface;
        bool check_source; /* what is sent from there is for addresses that a route leads there for */
} RtnlForwarding;

/**
 * rtnl_set_forwarding() - let the namespace forward IPv4 between interfaces, and do nothing else for them
 *
 * A new namespace has the host's settings of IPv4, some of which would let more in.
 */
int rtnl_set_forwarding(const RtnlForwarding *interfaces, size_t n, Error *reterr);
