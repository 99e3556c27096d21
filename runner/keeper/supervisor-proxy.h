/* SPDX-License-Identifier: MIT */
#pragma once

/* Published ports. The sockets were bound in the host's network namespace before anything was started; the
 * first connection to one starts systemd-socket-proxyd(8) inside the container's network namespace,
 * connected to the payload's own 127.0.0.1. So a service that listens on its localhost only is reachable, no
 * firewall is touched, and an unused port costs no process. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "keeper/supervisor-options.h"

typedef struct Proxy Proxy;

/* Return: owned by the caller, who keeps @o alive. Nothing is accepted before proxy_enable(). */
int proxy_new(sd_event *event, const SupervisorOptions *o, const KeeperPort *port, Proxy **ret,
              Error *reterr);
Proxy *proxy_free(Proxy *p);

/* Serves connections from now on, those that wait in the backlog first. @leader_fd, a pidfd, is borrowed
 * until proxy_disable(). */
void proxy_enable(Proxy *p, int leader_fd);

/* Ends the helper; connections wait in the backlog again, as while the payload boots. */
void proxy_disable(Proxy *p);

/* Tells of a child that was reaped. Return: true when it was this proxy's. */
bool proxy_reaped(Proxy *p, pid_t pid);
