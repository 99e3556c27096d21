/* SPDX-License-Identifier: MIT */
#pragma once

/* A published UDP port: what clients send to the host's socket goes to the service by the client's flow, and
 * answers come from the very address that the client has sent to. While no service takes them, datagrams
 * wait where the kernel keeps them, as connections do (listener.h), and those that have waited for too long
 * are dropped. Beyond what the kernel keeps, and where a network has no room, datagrams are lost, as they
 * are anywhere. */

#include "proxy/flow.h"
#include "proxy/target.h"

/* The same as of connections. */
#define UDP_PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct Datagram Datagram;

typedef struct UdpPort {
        Watch watch; /* the host's socket */
        Loop *loop;
        Flows *flows;
        Target target;
        unsigned number; /* of the address that was right last */
        /* while the service refuses */
        Datagram *held; /* one that it has refused */
        Timer retry;
        uint64_t pause_usec;
        uint64_t since_usec;
        const struct UdpPortHandlers *handlers;
} UdpPort;

typedef struct UdpPortHandlers {
        /* It has begun or ended to wait for a service. */
        void (*waits)(UdpPort *p, bool on);
        /* The keeper has shut the socket down: it takes no datagram any more, and is closed. */
        void (*ended)(UdpPort *p);
} UdpPortHandlers;

/* @fd: non-blocking, tells where datagrams were sent to (net/ports.c), and borrowed until it has ended. @p
 * stays where it is. */
int udp_port_open(UdpPort *p, Loop *loop, Flows *flows, int fd, const Target *target,
                  const UdpPortHandlers *handlers, Error *reterr);
void udp_port_done(UdpPort *p);
