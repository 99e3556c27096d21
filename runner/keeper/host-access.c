/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/scm.h"
#include "keeper/host-access.h"
#include "keeper/netns-helper.h"
#include "keeper/port-proxy.h"

struct HostAccess {
        const KeeperOptions *options;
        sd_event *event;
        pid_t helper;  /* makes the sockets */
        int socket_fd; /* which come here */
        KeeperPorts ports;
        PortProxy *proxy; /* NULL: nothing listens yet */
};

HostAccess *host_access_new(sd_event *event, const KeeperOptions *o) {
        HostAccess *h = xmalloc0(sizeof(*h));

        *h = (HostAccess){.options = o, .event = event, .socket_fd = -EBADF};
        return h;
}

HostAccess *host_access_free(HostAccess *h) {
        if (!h)
                return NULL;
        host_access_end(h);
        free(h);
        return NULL;
}

int host_access_start(HostAccess *h, pid_t leader, Error *reterr) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        h->socket_fd = pair[0];
        h->helper = netns_helper_start_listening(h->options, leader, pair[1], reterr);
        (void) close(pair[1]);
        return h->helper;
}

void host_access_end(HostAccess *h) {
        if (h->helper > 0)
                (void) kill(h->helper, SIGKILL);
        h->socket_fd = safe_close(h->socket_fd);
        h->proxy = port_proxy_free(h->proxy);
        keeper_ports_kind.done(&h->ports);
}

/* One for each port, in their order. */
static int host_access_take(HostAccess *h, Error *reterr) {
        ScmMessage message;
        char byte;
        int r;

        r = scm_receive(h->socket_fd, MSG_DONTWAIT, &byte, sizeof(byte), &message);
        if (r < 0)
                return error_set(reterr, r, "take the sockets that lead to the host");
        h->socket_fd = safe_close(h->socket_fd);
        if (message.n_fds != strv_length(h->options->host_access)) {
                scm_done(&message);
                return error_raise(reterr, FC_EXIT_INTERNAL, "%zu sockets lead to the host, not %zu",
                                   message.n_fds, strv_length(h->options->host_access));
        }
        for (size_t i = 0; i < message.n_fds; i++)
                *XGROW(h->ports.ports, h->ports.n) = (KeeperPort){
                        .container = xasprintf("%s" KEEPER_PORT_HOST, h->options->host_access[i]),
                        .fds = {message.fds[i], -EBADF},
                };
        return 0;
}

static int host_access_on_listening(HostAccess *h, int status, Error *reterr) {
        int r;

        r = netns_helper_result(status, reterr);
        if (r <= 0)
                return r;
        r = host_access_take(h, reterr);
        if (r >= 0)
                r = port_proxy_new(h->event, h->options, &h->ports, &h->proxy, reterr);
        if (r < 0)
                return r;
        port_proxy_enable(h->proxy, -EBADF);
        return 1;
}

bool host_access_reaped(HostAccess *h, pid_t pid, int status, int *ret, Error *reterr) {
        *ret = 0;
        if (h->proxy && port_proxy_reaped(h->proxy, pid, status))
                return true;
        if (h->helper <= 0 || h->helper != pid)
                return false;
        h->helper = 0;
        /* It was killed with the payload. */
        if (h->socket_fd >= 0)
                *ret = host_access_on_listening(h, status, reterr);
        return true;
}
