/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>

#include "keeper/proxy-program.h"
#include "base/alloc.h"
#include "keeper/supervisor-proxy.h"

struct Proxy {
        const SupervisorOptions *options;
        const KeeperPort *port;
        sd_event_source *sources[2];
        int leader_fd;
        pid_t pid; /* 0: none runs */
};

static void listen_for_connections(Proxy *p, bool on) {
        for (size_t i = 0; i < ELEMENTSOF(p->sources); i++)
                if (p->sources[i])
                        (void) sd_event_source_set_enabled(p->sources[i], on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Proxy *p = userdata;
        pid_t pid;

        pid = proxy_program_start(&p->options->keeper, p->port, p->leader_fd);
        if (pid < 0)
                return 0;
        p->pid = pid;
        listen_for_connections(p, false);
        return 0;
}

int proxy_new(sd_event *event, const SupervisorOptions *o, const KeeperPort *port, Proxy **ret,
              Error *reterr) {
        Proxy *p = xmalloc0(sizeof(*p));

        p->options = o;
        p->port = port;
        p->leader_fd = -EBADF;
        for (size_t i = 0; i < 2; i++) {
                int r;

                if (port->fds[i] < 0)
                        continue;
                r = sd_event_add_io(event, &p->sources[i], port->fds[i], EPOLLIN, on_connection, p);
                if (r < 0) {
                        proxy_free(p);
                        return error_set(reterr, r, "watch port %s", port->container);
                }
                (void) sd_event_source_set_description(p->sources[i], "port");
                /* A helper that cannot start leaves its connection in the backlog, and the socket
                 * readable. */
                (void) sd_event_source_set_ratelimit(p->sources[i], USEC_PER_SEC, 20);
        }
        listen_for_connections(p, false);
        *ret = p;
        return 0;
}

Proxy *proxy_free(Proxy *p) {
        if (!p)
                return NULL;
        proxy_disable(p);
        sd_event_source_disable_unref(p->sources[0]);
        sd_event_source_disable_unref(p->sources[1]);
        free(p);
        return NULL;
}

void proxy_enable(Proxy *p, int leader_fd) {
        p->leader_fd = leader_fd;
        listen_for_connections(p, p->pid == 0);
}

void proxy_disable(Proxy *p) {
        p->leader_fd = -EBADF;
        listen_for_connections(p, false);
        if (p->pid > 0)
                (void) kill(p->pid, SIGTERM);
}

bool proxy_reaped(Proxy *p, pid_t pid) {
        if (p->pid != pid)
                return false;
        p->pid = 0;
        if (p->leader_fd >= 0)
                listen_for_connections(p, true);
        return true;
}
