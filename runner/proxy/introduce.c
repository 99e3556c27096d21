/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "proxy/introduce.h"
#include "proxy/target.h"

/* The longest line of the protocol, and a NUL. */
#define LINE_SIZE 108

static uint16_t address_print(const TargetAddress *a, char ret[static INET6_ADDRSTRLEN]) {
        if (a->any.sa_family == AF_INET6) {
                (void) inet_ntop(AF_INET6, &a->in6.sin6_addr, ret, INET6_ADDRSTRLEN);
                return ntohs(a->in6.sin6_port);
        }
        (void) inet_ntop(AF_INET, &a->in.sin_addr, ret, INET6_ADDRSTRLEN);
        return ntohs(a->in.sin_port);
}

int introduce(int client_fd, int service_fd) {
        char line[LINE_SIZE], from[INET6_ADDRSTRLEN] = "", to[INET6_ADDRSTRLEN] = "";
        TargetAddress client, own;
        socklen_t n_client = sizeof(client), n_own = sizeof(own);
        uint16_t from_port, to_port;
        int n;

        if (getpeername(client_fd, &client.any, &n_client) < 0 ||
            getsockname(client_fd, &own.any, &n_own) < 0)
                return -errno;
        from_port = address_print(&client, from);
        to_port = address_print(&own, to);
        n = snprintf(line, sizeof(line), "PROXY %s %s %s %u %u\r\n",
                     client.any.sa_family == AF_INET6 ? "TCP6" : "TCP4", from, to, from_port, to_port);
        /* The connection is fresh, so there is room for it. */
        return send(service_fd, line, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL) == n ? 0 : -EPIPE;
}
