/* SPDX-License-Identifier: MIT */
#pragma once

/* Serves the published ports of one container: the sockets are the host's, what they lead to is in the
 * network namespace of this process. It ends after a time without a connection. */

#include "keeper/proxy-options.h"

typedef struct Server Server;

/* Before privileges are given up: makes room for as many connections as the limit of open files allows. @o:
 * borrowed. */
int server_new(const ProxyOptions *o, Server **ret, Error *reterr);
Server *server_free(Server *s);
DEFINE_FREEP(Server, server_free);

/* Until it is idle. */
int server_run(Server *s, Error *reterr);

/* How many connections there may be at a time with so many open files. Pure. */
unsigned server_room(uint64_t files, size_t n_listeners);
