/* SPDX-License-Identifier: MIT */
#pragma once

/* Published ports. The sockets were bound in the host's network namespace before anything was started; the
 * first connection to one starts systemd-socket-proxyd(8) inside the container's network namespace,
 * connected to the payload's own 127.0.0.1. So a service that listens on its localhost only is reachable, no
 * firewall is touched, an unused port costs no process, and a proxy that was killed comes back. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "keeper/options.h"

typedef struct Proxies Proxies;

/* Return: owned by the caller, who keeps @o alive. Nothing is accepted before proxies_enable(). */
int proxies_new(sd_event *event, const KeeperOptions *o, Proxies **ret, Error *reterr);
Proxies *proxies_free(Proxies *p);
DEFINE_FREEP(Proxies, proxies_free);

/* Serves connections from now on, those that wait in the backlog first. @leader_fd, a pidfd, is borrowed
 * until proxies_disable(). */
void proxies_enable(Proxies *p, int leader_fd);

/* Ends the proxies; connections wait in the backlog again, as while the payload boots. */
void proxies_disable(Proxies *p);

/* Of a child that was reaped. Return: whether it was one of these. */
bool proxies_reaped(Proxies *p, pid_t pid, int status);
