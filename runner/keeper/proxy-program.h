/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting the proxy of a published port: the first connection to a listening socket of the host starts
 * systemd-socket-proxyd(8) inside the container's network namespace, connected to the payload's own
 * 127.0.0.1. What comes in between is a program of ours (proxy/main.c). */

#include <sys/types.h>

#include "base/macro.h"

typedef struct ProxyProgram {
        const char *machine;
        const char *proxy;  /* ours */
        const char *proxyd; /* systemd-socket-proxyd */
} ProxyProgram;

/* @port: of the payload, @sockets: one or two, @leader_fd: pidfd of the payload's PID 1. Return: the pid of
 * a child, or a negative errno. */
pid_t proxy_program_start(const ProxyProgram *p, const char *port, const int *sockets, size_t n_sockets,
                          int leader_fd);
