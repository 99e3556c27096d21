/* SPDX-License-Identifier: MIT */
#pragma once

/* A container's way to the bridge of its project (net/router.h). */

#include "net/netlink.h"

typedef struct RouterPort {
        Netlink *router;
        int index; /* of the bridge's port */
} RouterPort;

#define ROUTER_PORT_NULL ((RouterPort){})

void router_port_done(RouterPort *port);

/**
 * router_port_make() - two interfaces: in the container, and its port of the bridge
 * @machine: has a port no more, if it had one
 * @mac: of the container's; NULL: one made of the names of router and machine
 * @interface, @container_fd: its name in the container, and the container's network namespace
 *
 * Both are down.
 */
int router_port_make(const char *router, const char *machine, const uint8_t mac[6], const char *interface,
                     int container_fd, RouterPort *ret, Error *reterr);

/* To be called when the container's side is up: then the port passes packets at once, and none is lost. */
int router_port_up(RouterPort *port, Error *reterr);
