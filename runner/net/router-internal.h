/* SPDX-License-Identifier: MIT */
#pragma once

/* What is in a router namespace; for router.c and router-port.c. */

#include "net/netlink.h"

#define ROUTER_BRIDGE "bridge"
#define ROUTER_HOST   "host" /* the bridge's port for the host */

/* The host's MAC address and those of the containers, made of a text: what has one of another machine's in
 * its table of neighbours, from before a restart, needs not find that out. Locally administered, unicast. */
void router_mac(const char *text, uint8_t ret[6]);

/* The bridge's port for a machine; owned by the caller. */
char *router_port_name(const char *machine);

/* Return: a connection to the kernel from within the namespace. The calling process comes back. */
int router_connect(int netns_fd, Netlink **ret, Error *reterr);
