/* SPDX-License-Identifier: MIT */
#pragma once

/* The sockets of published ports, bound on the host before anything starts and handed to the proxy
 * (keeper/port-proxy.h) later. */

#include "spec/published-port.h"

/* "container 'db' of project /home/me/shop" for a machine name, or NULL when it is not known. Owned by the
 * caller of the callback. */
typedef char *(*PortDescribeMachine)(const char *machine, void *userdata);

/**
 * port_bind() - bind a published port on the host
 * @preferred: for a port that is "auto": the one that it had before, 0: none
 * @describe: names the container that holds a port; may be NULL
 * @ret: filled on success, with @port as what was wanted; the caller closes it with published_port_done()
 *
 * Without an address both 127.0.0.1 and ::1 are bound, or only 127.0.0.1 where the host has no ::1. IPv6
 * sockets never take IPv4 connections. "auto" takes the preferred port, else a free one from 61000 up, where
 * neither well-known services nor outgoing connections are.
 *
 * FC_EXIT_CONFLICT: taken, with the name of who holds it, see port-conflicts.h; FC_EXIT_HOST: no permission
 * (below 1024), or the host does not have this address.
 */
int port_bind(const Port *port, uint16_t preferred, PortDescribeMachine describe, void *userdata,
              PublishedPort *ret, Error *reterr);

/* The next free port above one that is taken, bound: the caller closes it with published_port_done(). */
bool port_find_free(const Port *port, PublishedPort *ret);
