/* SPDX-License-Identifier: MIT */
#pragma once

/* A published port that is open on the host: what was wanted, and what listens there. net/ opens it, a
 * keeper is handed its sockets, and the state remembers where it is. */

#include "spec/port.h"

typedef struct PublishedPort {
        const Port *wanted;          /* of the specification, borrowed */
        int fds[PORT_ADDRESSES_MAX]; /* listening, one for each of port_addresses(); -EBADF: none */
        uint16_t host;               /* the port that they are on */
} PublishedPort;

#define PUBLISHED_PORT_NULL ((PublishedPort){.fds = {-EBADF, -EBADF}})

/* Closes the sockets. */
void published_port_done(PublishedPort *port);

/* Whether it listens anywhere. */
bool published_port_is_open(const PublishedPort *port);

/* Where it listens, or one of these places; borrowed. */
const char *published_port_address(const PublishedPort *port);
