/* SPDX-License-Identifier: MIT */
#pragma once

/* Published ports. The sockets were bound in the host's network namespace before anything was started; the
 * first connection to one starts the proxy (proxy/main.c) inside the container's network namespace, which
 * serves them all and ends when it is idle. So a service that listens on its localhost only is reachable, no
 * firewall is touched, an unused port costs no process, and a proxy that was killed comes back. */

#include <sys/types.h>

#include "base/systemd.h"
#include "keeper/options.h"

typedef struct PortProxy PortProxy;

/* Return: owned by the caller, who keeps @o and @ports alive. Nothing is accepted before
 * port_proxy_enable(). What an earlier run of the keeper has taken back is closed. */
int port_proxy_new(sd_event *event, const KeeperOptions *o, const KeeperPorts *ports, PortProxy **ret,
                   Error *reterr);
PortProxy *port_proxy_free(PortProxy *p);
DEFINE_FREEP(PortProxy, port_proxy_free);

/* Serves connections from now on, those that wait in the backlog first. @leader_fd: a pidfd, in whose
 * network the services are, -EBADF: in the host's; borrowed until port_proxy_disable(). */
void port_proxy_enable(PortProxy *p, int leader_fd);

/* Ends the proxy; connections wait in the backlog again, as while the payload boots. */
void port_proxy_disable(PortProxy *p);

/* Does not start it any more: what runs ends by itself once its sockets are shut down. */
void port_proxy_retire(PortProxy *p);

bool port_proxy_runs(const PortProxy *p);

/* Closes those of its ports that keeper_port_is_at(): new connections are refused, those that were accepted
 * go on. Return: whether there was one. */
bool port_proxy_take_back(PortProxy *p, const char *address, uint16_t host, bool udp);

/* Whether it is bound to that port of the host. @address: numeric, as the kernel's is written; NULL: any. */
bool keeper_port_is_at(const KeeperPort *port, const char *address, uint16_t host, bool udp);

/* Of a child that was reaped. Return: whether it was this one. */
bool port_proxy_reaped(PortProxy *p, pid_t pid, int status);
