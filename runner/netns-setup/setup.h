/* SPDX-License-Identifier: MIT */
#pragma once

/* The container's side of the network. These functions move the calling process into the network namespace
 * of another process, for good. */

#include <sys/types.h>

#include "net/uplink.h"

typedef struct InterfaceSettings {
        const char *name;         /* as the container calls it */
        const char *router;       /* where it is made (net/router-port.h); NULL: it is waited for */
        const Uplink *uplink;     /* likewise, of the host's; NULL: it is not */
        const char *machine;      /* the name of the container for either */
        const uint8_t *mac;       /* NULL: as router_port_make() chooses */
        uint32_t address;         /* host byte order; 0: the system inside asks for one */
        uint32_t gateway;         /* 0: there is none */
        struct in6_addr network6; /* of a router, as Subnet's */
        struct in6_addr address6; /* of an uplink; all zero: there is none, likewise of the next */
        struct in6_addr gateway6;
        uint8_t prefix6;
        uint8_t prefix;
        bool ipv6;     /* the network has it, too (net/router6.h) */
        bool internet; /* there is another one, which leads there (internet.h), in the first's settings */
} InterfaceSettings;

/**
 * netns_setup() - make, address and raise the interfaces, and raise the loopback, of a container
 * @pid: a process in the container, by the caller's PID namespace
 * @settings: one interface a network, the first of which the internet is reached beside
 * @wait_usec: how long to wait for an interface that is not made here
 *
 * One that is there is not made again.
 * FC_EXIT_TIMEOUT when it did not, FC_EXIT_NOT_RUNNING when the process ended before: then nothing else is
 * wrong, and it is known for sure.
 */
int netns_setup(pid_t pid, const InterfaceSettings *settings, size_t n_settings, uint64_t wait_usec,
                Error *reterr);

/* Raises the loopback interface only. */
int netns_loopback(pid_t pid, Error *reterr);

/**
 * netns_let_go() - give back the host's interface that a network has, whose owner has ended
 * @pid: a process of one that shares it, as above
 *
 * The owner's next boot waits for that: of a macvlan there is no second one with its MAC address, or none at
 * all. What else the network has stays. FC_EXIT_NOT_RUNNING as above.
 */
int netns_let_go(pid_t pid, const char *interface, Error *reterr);

/**
 * netns_listen() - listen on the address that means the host to a container
 * @ports: TCP, as numbers
 * @socket_fd: where the sockets are sent to, as one message, in the order of the ports
 *
 * The loopback interface need not be up yet. FC_EXIT_NOT_RUNNING as above.
 */
int netns_listen(pid_t pid, char *const *ports, int socket_fd, Error *reterr);
