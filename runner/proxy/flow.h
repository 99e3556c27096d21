/* SPDX-License-Identifier: MIT */
#pragma once

/* Who speaks to whom by datagrams: each client of a UDP port has a socket of its own to the service, by
 * which answers find their way back. A flow ends by time alone, as there is no other end: like a firewall's
 * (nf_conntrack), soon while it is no more than a question and its answers, later when it goes on. */

#include <netinet/in.h>

#include "proxy/loop.h"

#define FLOW_SHORT_USEC  (30 * USEC_PER_SEC)
#define FLOW_STREAM_USEC (180 * USEC_PER_SEC)

typedef union ClientAddress {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
} ClientAddress;

/* Compared as memory: what is not used is 0. */
typedef struct FlowKey {
        const void *port; /* who receives it on the host */
        ClientAddress client;
        struct in6_addr local; /* where on the host it was sent to, IPv4 in its first bytes */
        uint32_t interface;    /* of a link-local address */
} FlowKey;

typedef enum FlowKind {
        FLOW_SHORT,
        FLOW_STREAM, /* the client has gone on after an answer */
        _FLOW_KIND_MAX,
} FlowKind;

typedef struct Flow Flow;
struct Flow {
        Watch watch; /* the socket to the service, -EBADF: none yet */
        FlowKey key;
        unsigned number; /* of the address of the target that it leads to */
        bool answered;
        /* of the table */
        FlowKind kind;
        uint64_t last_usec;
        Flow *same_hash;
        Flow *earlier, *later;
};

typedef struct FlowList {
        Flow *first, *last; /* by the time of their last datagram */
} FlowList;

#define FLOW_BUCKETS 4096

typedef struct Flows {
        Loop *loop;
        Timer timer;
        Flow **buckets;
        uint64_t seed;
        FlowList lists[_FLOW_KIND_MAX];
        unsigned n, max;
        /* There is one more, or one fewer; its socket is closed then. */
        void (*on_change)(struct Flows *flows, bool more);
} Flows;

void flows_init(Flows *flows, Loop *loop, unsigned max, void (*on_change)(Flows *flows, bool more));
void flows_done(Flows *flows);

/* Return: NULL: there is none. */
Flow *flows_find(const Flows *flows, const FlowKey *key);

/* Where there are too many, the one that has been silent for longest makes room, first of those that are
 * short. */
Flow *flows_add(Flows *flows, const FlowKey *key, uint64_t now);

/* It has sent, or was sent, a datagram. */
void flows_touch(Flows *flows, Flow *flow, bool from_client, uint64_t now);

void flows_end(Flows *flows, Flow *flow);

/* Ends all of a port. */
void flows_end_of(Flows *flows, const void *port);

/* Ends the one that makes room for others. Return: whether there was any. */
bool flows_end_oldest(Flows *flows);

/* Ends those whose time is over. Return: when the next one's is, 0: there is none. */
uint64_t flows_expire(Flows *flows, uint64_t now);
