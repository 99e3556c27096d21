/* SPDX-License-Identifier: MIT */
#pragma once

/* Single requests to the kernel's rtnetlink(7), in the network namespace that the socket was opened in, and
 * waiting for changes of links. Interfaces are named by index once they are found. What is missing or exists
 * already is for the caller to judge, so everything here but opening returns a bare negative errno; the
 * caller has the words. */

#include <netinet/in.h>

#include "plan/address.h"

#define LINK_NAME_MAX 16 /* IFNAMSIZ: with the terminating NUL */

typedef struct Netlink Netlink;

typedef struct Link {
        int index;  /* 0: there is no such interface */
        int master; /* the bridge that it is a port of; 0: none */
        int peer;   /* the index of a veth's other end, in that one's namespace; 0: it has none */
        bool up;
        bool ethernet; /* it has a wire, or what looks like one: not so loopback, WireGuard, a tun */
        uint32_t mtu;
        char kind[LINK_NAME_MAX]; /* "bridge", "veth", ...; "" for hardware and loopback */
} Link;

int netlink_open(Netlink **ret, Error *reterr);
Netlink *netlink_free(Netlink *netlink);
DEFINE_FREEP(Netlink, netlink_free);

/* By its name or an alternative name, of any length. A missing interface is success with index 0. */
int netlink_link_find(Netlink *netlink, const char *name, Link *ret);

/* -EEXIST when an interface of that name exists, whatever it is. The bridge is left down. */
int netlink_bridge_create(Netlink *netlink, const char *name, const uint8_t mac[6]);

/* Two interfaces, each of which receives what the other sends; `peer` is made in another namespace, with the
 * address `peer_mac` (NULL: the kernel chooses). Both are left down. -EEXIST when either exists. */
int netlink_veth_create(Netlink *netlink, const char *name, const char *peer, const uint8_t peer_mac[6],
                        int peer_netns_fd);

/* One more interface on the wire of `lower`, made in another namespace and left down. Those of one `lower`
 * reach each other, but not the host. */
int netlink_macvlan_create(Netlink *netlink, const char *name, int lower, bool alone, const uint8_t mac[6],
                           int netns_fd);

int netlink_link_up(Netlink *netlink, int index);

/* Moves it into another namespace, where it is down and without addresses. */
int netlink_link_move(Netlink *netlink, int index, int netns_fd);

/* The largest packet that goes over it. */
int netlink_link_set_mtu(Netlink *netlink, int index, uint32_t mtu);

/* Makes the interface a port of the bridge `master`. */
int netlink_link_attach(Netlink *netlink, int index, int master);

int netlink_link_delete(Netlink *netlink, int index);

/* By its name or an alternative name, of any length. -ENODEV when there is none. */
int netlink_link_delete_named(Netlink *netlink, const char *name);

/* How many interfaces are ports of the bridge `index`. */
int netlink_count_ports(Netlink *netlink, int index, size_t *ret);

/* Makes `address` the only IPv4 address of the interface. */
int netlink_address_set(Netlink *netlink, int index, uint32_t address, uint8_t prefix);

/* Adds an IPv6 address, which is usable at once: no other host is asked whether it has it. That it is there
 * already is success. */
int netlink_address6_add(Netlink *netlink, int index, const struct in6_addr *address, uint8_t prefix);

/* Whether a request of IPv6 failed with @r since the kernel has none, or the namespace has switched it
 * off. */
bool netlink_is_without_ipv6(int r);

/* Addresses are of the family, in network byte order: in_addr or in6_addr. */
typedef struct Route {
        int family;
        const void *to; /* NULL: everything */
        uint8_t prefix;
        int index;          /* 0: nothing is reachable there */
        const void *via;    /* the neighbour behind the interface; NULL: each is one itself */
        const void *source; /* the address to send from; NULL: the kernel chooses */
        bool keep;          /* the one with the same destination, whoever has made it: -EEXIST */
} Route;

/* Adds the route, or puts it in the place of the one with the same destination. Of IPv6 that may lead over
 * another interface. */
int netlink_route_set(Netlink *netlink, const Route *route);

/* Whether something leads to all that no other route does, by IPv4 or IPv6. */
int netlink_has_default_route(Netlink *netlink, bool *ret);

/* A rule that stops what arrives over an interface and is not for the host itself. It names the interface
 * and outlives it. To add a rule that exists, or to remove a missing one, is success. -EAFNOSUPPORT,
 * -EOPNOTSUPP: the kernel has no rules. */
int netlink_rule_strand(Netlink *netlink, int family, const char *interface);
int netlink_rule_remove(Netlink *netlink, int family, const char *interface);

/* A rule that excepts what comes from some IPv6 addresses from netlink_rule_strand(). */
int netlink_rule_pass6(Netlink *netlink, const char *interface, const struct in6_addr *source,
                       uint8_t prefix);

/* Destinations of all IPv4 routes of all tables, without those over the interface `except_index` (0: none).
 * Owned by the caller. */
int netlink_routes(Netlink *netlink, int except_index, Subnet **ret, size_t *ret_n);

typedef struct Route6 {
        struct in6_addr to;
        uint8_t prefix; /* 0: there is none */
        int index;      /* of the interface; 0: none */
} Route6;

/* Likewise of IPv6, one that has addresses in common with a network, and is not as wide as a default
 * route. */
int netlink_find_route6(Netlink *netlink, int except_index, const struct in6_addr *network, uint8_t prefix,
                        Route6 *ret);

/* An fd on which every change of a link of this namespace arrives. Open it before looking at the links. */
int netlink_monitor_open(void);

/* Waits until something changed since the last call, discarding what it was.
 * @other_fd: ends the wait, too, when it is readable; -1: none
 * @deadline_usec: on CLOCK_MONOTONIC
 * Return: 1 look again, 0 the deadline has passed, -ECANCELED `other_fd` is readable, other negative
 * errno. */
int netlink_monitor_wait(int fd, int other_fd, uint64_t deadline_usec);
