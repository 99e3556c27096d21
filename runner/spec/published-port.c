/* SPDX-License-Identifier: MIT */

#include "spec/published-port.h"

void published_port_done(PublishedPort *port) {
        for (size_t i = 0; i < ELEMENTSOF(port->fds); i++)
                (void) safe_close(port->fds[i]);
        *port = PUBLISHED_PORT_NULL;
}

bool published_port_is_open(const PublishedPort *port) {
        return port->fds[0] >= 0;
}

const char *published_port_address(const PublishedPort *port) {
        const char *addresses[PORT_ADDRESSES_MAX];

        (void) port_addresses(port->wanted, addresses);
        return addresses[0];
}
