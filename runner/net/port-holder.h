/* SPDX-License-Identifier: MIT */
#pragma once

/* Who holds a TCP or UDP port of this network namespace: for the message when it cannot be bound. Best
 * effort: what cannot be found out is left out. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/macro.h"

typedef struct PortHolder {
        pid_t pid;     /* 0: none that we may see */
        char *command; /* proc_pid_comm(5), any bytes; or NULL */
        char *machine; /* the container whose runner it belongs to, or NULL */
} PortHolder;

#define PORT_HOLDER_NULL ((PortHolder){0})

void port_holder_done(PortHolder *holder);

/**
 * port_holder_find() - the process whose socket stands in the way of binding an address
 * @address: IPv4 or IPv6 with a port; sockets on a wildcard address count, too
 *
 * Reads proc_pid_net(5) and then the descriptors of every process, so without root only one's own are found.
 * When several processes hold the socket, one that belongs to a container is preferred, then the first.
 */
void port_holder_find(const struct sockaddr *address, bool udp, PortHolder *ret);

/* A line of /proc/net/tcp, tcp6, udp or udp6, proc_pid_net(5): the local address as IPv6, IPv4 v4-mapped.
 * Return: false for other lines, such as the heading. Pure. */
bool port_holder_parse_line(const char *line, struct in6_addr *ret_address, uint16_t *ret_port,
                            unsigned *ret_state, unsigned long *ret_inode);

/* The machine name in the text of a proc_pid_cgroup(5) file: the component after "flake-containers" in the
 * path of the "0::" line. Owned by the caller; NULL when there is none. */
char *port_holder_parse_cgroup(const char *text);
