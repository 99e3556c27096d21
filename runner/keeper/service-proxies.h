/* SPDX-License-Identifier: MIT */
#pragma once

/* The published ports. The sockets were bound in the host's network namespace before anything was started; a
 * connection to one starts systemd-socket-proxyd(8) inside the container's, connected to the payload's own
 * 127.0.0.1. So an unused port costs no process of its own, and a proxy that was killed comes back. */

#include <poll.h>

#include "keeper/service-options.h"

typedef struct Proxies Proxies;

/* @leader_fd: pidfd, borrowed. */
Proxies *proxies_new(const ServiceOptions *o, int leader_fd);

/* How many descriptors there are to poll at most. */
size_t proxies_count(const Proxies *p);

/* What to poll for now. Return: how many. @ret_timeout_ms: for poll(2). */
size_t proxies_prepare(Proxies *p, struct pollfd *fds, int *ret_timeout_ms);

/* What poll(2) has made of that. */
void proxies_dispatch(Proxies *p, const struct pollfd *fds, size_t n);

/* Ends the proxies that run, when the relay ends. */
void proxies_end(Proxies *p);
