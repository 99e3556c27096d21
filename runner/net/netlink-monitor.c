/* SPDX-License-Identifier: MIT */

#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/process.h"
#include "net/netlink.h"

int netlink_monitor_open(void) {
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Return: did anything arrive? An overflow (ENOBUFS) says that much, too. */
static bool monitor_drain(int fd) {
        bool any = false;
        char byte;

        for (;;) {
                if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
                        any = true;
                else if (errno != EINTR)
                        return any;
        }
}

int netlink_monitor_wait(int fd, int other_fd, uint64_t deadline_usec) {
        for (;;) {
                struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = other_fd, .events = POLLIN}};
                uint64_t now = now_usec();
                int n;

                if (now >= deadline_usec)
                        return 0;
                n = poll(p, ELEMENTSOF(p), (int) ((deadline_usec - now + 999) / 1000));
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n <= 0)
                        continue;
                if (monitor_drain(fd))
                        return 1;
                if (p[1].revents)
                        return -ECANCELED;
        }
}
