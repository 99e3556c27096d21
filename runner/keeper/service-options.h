/* SPDX-License-Identifier: MIT */
#pragma once

/* The command line of the service program. It is written by machine/systemd-start.c, and the relay's by
 * service-start.c: a mistake in it is a bug of ours, so messages are terse. */

#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

/* A published port: how many listening sockets of those that are held, and where they lead to. */
typedef struct PortOption {
        char *container;
        size_t n_fds;
} PortOption;

typedef struct ServiceOptions {
        const char *program; /* this one's path */
        const char *machine;
        const char *netns;   /* program that sets the network inside, NULL: nothing to set */
        const char *address; /* A.B.C.D/24; NULL: loopback only */
        const char *bridge;  /* NULL: none */
        const char *bridge_lock;
        const char *proxy;   /* what becomes one, confined */
        const char *proxyd;  /* systemd-socket-proxyd */
        const char *runtime; /* directory for the records of ends */
        bool gate;           /* the payload waits at a FIFO until its network is set */
        bool restart;        /* systemd starts it again when it fails */
        PortOption *ports;
        size_t n_ports;
        pid_t nspawn_pid; /* of the relay, as what follows */
        int *fds;
        size_t n_fds;
        char **nspawn; /* argument vector, borrowed */
} ServiceOptions;

/* @argv: from the verb on. */
int service_options_parse(int argc, char **argv, ServiceOptions *ret, Error *reterr);
void service_options_done(ServiceOptions *o);
