/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/host-socket.h"
#include "base/macro.h"
#include "base/process.h"
#include "net/port-release.h"

#define GROUP(number) (1u << ((number) -1))

int port_release_watch(void) {
        _cleanup_close_ int fd = host_socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
        struct sockaddr_nl address = {
                .nl_family = AF_NETLINK,
                .nl_groups = GROUP(SKNLGRP_INET_TCP_DESTROY) | GROUP(SKNLGRP_INET6_TCP_DESTROY) |
                             GROUP(SKNLGRP_INET_UDP_DESTROY) | GROUP(SKNLGRP_INET6_UDP_DESTROY),
        };

        if (fd < 0)
                return fd;
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int port_release_wait(int fd, uint64_t deadline_usec) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now = now_usec();
        char message[4096];
        int r;

        if (now >= deadline_usec)
                return 0;
        do
                r = poll(&p, 1, (int) ((deadline_usec - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC));
        while (r < 0 && errno == EINTR);
        if (r <= 0)
                return r < 0 ? -errno : 0;
        /* Which socket it was does not matter: the caller tries again. ENOBUFS: there were too many to
         * tell. */
        while (recv(fd, message, sizeof(message), 0) >= 0 || errno == ENOBUFS)
                ;
        return 1;
}
