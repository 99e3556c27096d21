/* SPDX-License-Identifier: MIT */
#pragma once

/* The IPv6 side of a project's network, for router.c: a prefix for the containers (plan/address6.h) behind
 * the router's bridge, and one address of the host's behind its other end. Unlike with IPv4 the router has
 * an address, ROUTER_ADDRESS6 on both: what is beyond is reached by a route to that, since IPv6 answers for
 * others (proxy_ndp) by single addresses only. Nothing is asked for, and no other host is asked whether it
 * has an address. */

#include "net/netlink.h"

/* Link-local, of the router on each of its links. */
#define ROUTER_ADDRESS6 "fe80::fc"

/* Whether the host takes part in IPv6: neither its kernel nor its administrator has switched it off. Then a
 * network has none, which is not an error. */
bool router6_is_wanted(void);

/* Whether the host has its address, and reaches the containers by the interface. */
bool router6_has(const char *name, const Subnet *subnet);

/* The host's interface, which is up. */
int router6_set_up_host(Netlink *host, const char *name, int index, const Subnet *subnet, Error *reterr);

/* In the router's namespace; the links are up. */
int router6_set_conf(Error *reterr);
int router6_set_up_inside(Netlink *inside, const char *name, const Subnet *subnet, int bridge, int host);

/* A container's interface, which is up, in the container's namespace. One that has no IPv6 stays so.
 * @network6: as Subnet's */
int router6_set_up_port(Netlink *netlink, const char *name, int index, const struct in6_addr *network6,
                        uint8_t octet);
