/* SPDX-License-Identifier: MIT */
#pragma once

/* The command line of the program that a published port's proxy begins as (proxy/main.c). */

#include "keeper/options.h"

typedef struct ProxyOptions {
        char *machine;
        char *proxyd;     /* systemd-socket-proxyd */
        int network_fd;   /* the container's network namespace, or a pidfd of a process in it */
        KeeperPorts port; /* one */
} ProxyOptions;

OptionTable proxy_options_table(ProxyOptions *o);
