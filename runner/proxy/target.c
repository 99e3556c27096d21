/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/socket.h>

#include "proxy/target.h"

socklen_t target_address(const Target *t, unsigned number, TargetAddress *ret) {
        struct in_addr in = {htonl(INADDR_LOOPBACK)};

        if (t->path) {
                if (number > 0)
                        return 0;
                ret->un = (struct sockaddr_un){.sun_family = AF_UNIX};
                strncpy(ret->un.sun_path, t->path, sizeof(ret->un.sun_path) - 1);
                return sizeof(ret->un);
        }
        if (number == 1) {
                ret->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                                 .sin6_port = htons(t->port),
                                                 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
                return sizeof(ret->in6);
        }
        if (number == 2)
                in = t->own;
        if (number >= TARGET_ADDRESSES || in.s_addr == htonl(INADDR_ANY))
                return 0;
        ret->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(t->port), .sin_addr = in};
        return sizeof(ret->in);
}

int target_socket(const TargetAddress *address, int type) {
        int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        return fd < 0 ? -errno : fd;
}

bool target_is_own(int fd) {
        TargetAddress own, peer;
        socklen_t n_own = sizeof(own), n_peer = sizeof(peer);

        return getsockname(fd, &own.any, &n_own) >= 0 && getpeername(fd, &peer.any, &n_peer) >= 0 &&
               n_own == n_peer && memcmp(&own, &peer, n_own) == 0;
}
