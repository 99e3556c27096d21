/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/scm.h"
#include "base/strv.h"
#include "net/hosts.h"
#include "netns-setup/listen.h"

/* FREEBIND: the loopback interface may not have its addresses yet, another helper raises it. Return: a
 * descriptor or a negative errno. */
static int socket_for_host(uint16_t port) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
        const int one = 1;

        if (fd < 0 || inet_pton(AF_INET, HOST_ACCESS_ADDRESS, &in.sin_addr) != 1 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
            setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) < 0 ||
            bind(fd, (const struct sockaddr *) &in, sizeof(in)) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int listen_on_all(char *const *ports, ScmMessage *message, Error *reterr) {
        STRV_FOREACH (port, ports) {
                unsigned long number = strtoul(*port, NULL, 10);
                int fd;

                if (number == 0 || number > UINT16_MAX || message->n_fds == SCM_FDS_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE, "--port: '%s' is not a port", *port);
                fd = socket_for_host((uint16_t) number);
                if (fd < 0)
                        return error_set(reterr, fd, "listen on %s:%lu inside", HOST_ACCESS_ADDRESS, number);
                message->fds[message->n_fds++] = fd;
        }
        return 0;
}

int listen_for_host(char *const *ports, int socket_fd, Error *reterr) {
        _cleanup_(scm_done) ScmMessage message = {};
        int r;

        r = listen_on_all(ports, &message, reterr);
        if (r < 0)
                return r;
        r = scm_send(socket_fd, "", 1, message.fds, message.n_fds);
        return r < 0 ? error_set(reterr, r, "send the sockets") : 0;
}
