/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a container's ports and sockets are on this host, by what is remembered of its start. */

#include "state/state.h"

/* Which are asked for; number 0 and no socket: all of them. */
typedef struct PortWanted {
        const char *socket; /* the name of one, or NULL */
        uint16_t number;
        bool tcp, udp;
} PortWanted;

/* @text: PORT[/udp], or the name of a socket, which @ret then borrows. */
int port_wanted_parse(const char *text, PortWanted *ret, Error *reterr);

/* To standard output; @all: also further addresses of one port. Return: how many. */
size_t port_wanted_print(const ContainerState *state, const PortWanted *wanted, bool all);
size_t port_wanted_print_json(const ContainerState *state, const PortWanted *wanted);
