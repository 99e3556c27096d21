/* SPDX-License-Identifier: MIT */
#pragma once

/* The command lines of the program that sets a network (netns-setup/), which the keepers write. A verb is
 * followed by these options. */

#include "base/options.h"

typedef struct NetnsOptions {
        pid_t pid; /* a process in the container, by the caller's PID namespace */
        char *interface;
        char *address; /* "10.3.7.9/24"; where the network's IPv6 is given "10.3.7.9/24,fd00:1:2:3::/64" */
        char *mac;     /* of the interface with that address */
        char *attach;  /* interface of the host's */
        bool macvlan;
        bool alone;
        char *gateway;
        char *address6;
        char *gateway6;
        char *bridge;
        char **networks; /* further ones, "BRIDGE=" and an address as above */
        char *namespace; /* of the host's, by its name */
        char *lock;      /* path */
        char *machine;
        char *pasta;   /* program */
        bool internet; /* the container has an interface that leads there, too */
        bool brokered; /* standard input is the socket of the broker (base/host-socket.h) */
        char **ports;  /* what of the host it reaches */
} NetnsOptions;

OptionTable netns_options_table(NetnsOptions *o);

/* The whole command line; owned by the caller. */
char **netns_options_print(const char *program, const char *verb, const NetnsOptions *o);
