/* SPDX-License-Identifier: MIT */
#pragma once

/* The command line of the program that serves a container's published ports (proxy/main.c). */

#include "keeper/options.h"

typedef struct ProxyOptions {
        char *machine;
        char *address;  /* the container's own, A.B.C.D; NULL: it has none */
        int network_fd; /* a pidfd of a process in it; or, without paths, its network namespace; -EBADF: the
                           services are where it is started */
        KeeperPorts ports;
} ProxyOptions;

OptionTable proxy_options_table(ProxyOptions *o);
