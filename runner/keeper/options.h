/* SPDX-License-Identifier: MIT */
#pragma once

/* What both keepers are told on their command lines. Only programs of ours write these, from the same tables
 * (base/options.h): a mistake in one is a bug. Descriptors are named by number and inherited. */

#include "base/options.h"

/* A published port: one or two sockets of the host, one port inside; or a Unix socket on both sides. */
typedef struct KeeperPort {
        char *container; /* "80", "53/udp", "80/proxy", "80/host", or an absolute path */
        int fds[2];      /* the second may be -EBADF; both when it was taken back */
} KeeperPort;

typedef struct KeeperPorts {
        KeeperPort *ports;
        size_t n;
} KeeperPorts;

#define KEEPER_PORT_UDP   "/udp"
#define KEEPER_PORT_PROXY "/proxy" /* with the PROXY protocol */
#define KEEPER_PORT_HOST  "/host"  /* of the host, from inside: one that refuses is not waited for */

size_t keeper_port_sockets(const KeeperPort *port);
bool keeper_port_is_udp(const KeeperPort *port);
bool keeper_port_is_path(const KeeperPort *port);
bool keeper_ports_have_path(const KeeperPorts *ports);

/* "80:7:8", port 80 inside and descriptors 7 and 8; "/run/a:b:7", a path with a colon and descriptor 7. */
extern const OptionKind keeper_ports_kind;

/* The same, but the numbers are places in a list of descriptors that arrives later. */
extern const OptionKind keeper_held_ports_kind;

typedef struct KeeperOptions {
        char *machine;
        char *container; /* its name in the project */
        char *netns;     /* program that sets the network inside, NULL: nothing to set */
        char *address;   /* A.B.C.D/24, or A.B.C.D/24,SUBNET6; NULL: loopback only */
        char *mac;       /* of the interface with that address; NULL: one made of the machine's name */
        char *attach;    /* interface of the host's that it is a port of, NULL: none */
        bool macvlan;    /* that is not a bridge, and it is a macvlan on it */
        bool alone;      /* with no other, nor the host's own packets */
        bool shares;     /* the network is another container's, and nothing is set in it */
        char *gateway;   /* with such an address; NULL: none */
        char *address6;  /* "fd00::20/64" */
        char *gateway6;
        char *bridge;    /* released at the end, NULL: none */
        char **networks; /* further ones, "BRIDGE=" and an address as above */
        char *bridge_lock;
        char *pasta;        /* program that leads to the internet, NULL: the container has none */
        char **host_access; /* ports of the host's localhost that it reaches */
        char *proxy;        /* program that serves these and the published ports, NULL: there are none */
        bool gate;          /* the payload waits at a FIFO until its network is set */
        bool command;       /* the payload is a plain command: PID 2 under nspawn's own PID 1 ... */
        bool notify;        /* ... which says itself when it is ready */
        bool restart;       /* when it fails */
        int stop_signal;    /* what it is asked to end with, 0: the usual one */
        KeeperPorts ports;
        KeeperPorts published; /* while it ran, before the keeper was started again */
        char **nspawn;         /* argument vector: what follows the options */
} KeeperOptions;

OptionTable keeper_options_table(KeeperOptions *o);

/* @argv: without the program's name. @own: the keeper's own options. On failure both targets are empty. */
int keeper_options_parse(char *const *argv, KeeperOptions *o, const OptionTable *own, Error *reterr);

/* Ports are to be served: is it known by which program? */
int keeper_options_check_proxy(const KeeperOptions *o, Error *reterr);

/* Adds the words of both tables and nspawn's to @argv. */
void keeper_options_print(const KeeperOptions *o, const OptionTable *own, char ***argv);

void keeper_options_done(KeeperOptions *o);
