/* SPDX-License-Identifier: MIT */
#pragma once

/* A container's interface in a network of the host's: a port of a bridge, or a macvlan, which is a further
 * one on the wire of the host's. What it is attached to stays as it is. The kernel takes the container's
 * interface away with the container. */

#include "net/netlink.h"

typedef struct Uplink {
        const char *name; /* the host's interface */
        bool macvlan;     /* otherwise it is a bridge */
        bool alone;       /* of a macvlan: in the place of the host, with the MAC address of its interface */
        Netlink *host;    /* of its namespace */
} Uplink;

/* Whether the host has it, by a socket of its own. FC_EXIT_HOST when it does not, or when it is not a
 * bridge. */
int uplink_find(const Uplink *uplink, Error *reterr);

/**
 * uplink_make() - make a container's interface, which is left down
 * @inside: of the container's network namespace, as @container_fd
 * @machine: what a port of the bridge is named after
 * @ret_port: of a bridge the index of its port, for uplink_port_up(); otherwise it stays as it is
 */
int uplink_make(const Uplink *uplink, Netlink *inside, const char *machine, const uint8_t mac[6],
                const char *interface, int container_fd, int *ret_port, Error *reterr);

/* To be called when the container's side is ready. */
int uplink_port_up(const Uplink *uplink, int port, Error *reterr);
