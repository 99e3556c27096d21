/* SPDX-License-Identifier: MIT */
#pragma once

/* Ports that are published while a container runs. The keeper listens at a socket in the container's
 * directory in /run, which only root can connect to; a connection is one request and one answer, a message
 * each:
 *
 *     "publish 80/udp"
 *         with one or two sockets of the host, which are served from now on
 *     "unpublish 8080/udp 127.0.0.1"
 *         what is bound there no longer is, nor are its other sockets; without an address: all that is bound
 *         to this port of the host
 *
 * The answer is "ok", or says what is wrong. Each request's sockets have a proxy of their own, so that what
 * is published or no longer is leaves all others alone. One that is taken back ends when its last connection
 * does: shutdown(2) of the socket tells it (proxy/listener.h), and whatever else holds the socket, too. */

#include <sys/types.h>

#include "base/systemd.h"
#include "keeper/port-proxy.h"

typedef struct Publisher Publisher;

/* Keeps sockets for another run of the keeper. May be NULL. */
typedef void (*PublisherStore)(const KeeperPort *port);

/**
 * publisher_new() - listen for requests
 * @o: kept alive by the caller; its published ports are the first
 * @specified: serves those that it was started with, which can be taken back as well; NULL: there are none
 * @listener_fd: see publish-socket.h; borrowed
 *
 * Return: owned by the caller. Nothing is accepted before publisher_enable().
 */
int publisher_new(sd_event *event, const KeeperOptions *o, PortProxy *specified, int listener_fd,
                  PublisherStore store, Publisher **ret, Error *reterr);
Publisher *publisher_free(Publisher *p);
DEFINE_FREEP(Publisher, publisher_free);

/* As port_proxy_enable() and its kin, for all of them. */
void publisher_enable(Publisher *p, int leader_fd);
void publisher_disable(Publisher *p);
bool publisher_reaped(Publisher *p, pid_t pid, int status);

/* Whether there is any, or a connection of one that was taken back. */
bool publisher_is_used(const Publisher *p);
