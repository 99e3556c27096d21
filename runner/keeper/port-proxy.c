/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "keeper/port-proxy.h"
#include "keeper/proxy-program.h"

/* One that cannot start leaves its connection in the backlog, and the socket readable. */
#define RETRY_USEC USEC_PER_SEC

struct PortProxy {
        const KeeperOptions *options;
        const KeeperPorts *ports;
        sd_event *event;
        bool enabled;              /* or else no connection is accepted */
        int leader_fd;             /* -EBADF: services are in this process's network */
        sd_event_source **sources; /* one a socket */
        size_t n_sources;
        sd_event_source *retry; /* set: it could not start a moment ago */
        pid_t pid;              /* 0: it does not run */
};

static void port_proxy_listen(PortProxy *p) {
        bool on = p->enabled && p->pid == 0 && !p->retry;

        for (size_t i = 0; i < p->n_sources; i++)
                (void) sd_event_source_set_enabled(p->sources[i], on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int port_proxy_on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        PortProxy *p = userdata;

        p->retry = sd_event_source_disable_unref(p->retry);
        port_proxy_listen(p);
        return 0;
}

static void port_proxy_pause(PortProxy *p) {
        (void) sd_event_add_time_relative(p->event, &p->retry, CLOCK_MONOTONIC, RETRY_USEC, 1,
                                          port_proxy_on_retry, p);
}

static int port_proxy_on_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        PortProxy *p = userdata;
        pid_t pid;

        /* Told of two sockets in the same turn. */
        if (p->pid > 0)
                return 0;
        pid = proxy_program_start(p->options, p->ports, p->leader_fd);
        if (pid > 0)
                p->pid = pid;
        else
                port_proxy_pause(p);
        port_proxy_listen(p);
        return 0;
}

static int port_proxy_watch(PortProxy *p, const KeeperPort *port, Error *reterr) {
        for (size_t i = 0; i < keeper_port_sockets(port); i++) {
                sd_event_source *source;
                int r = sd_event_add_io(p->event, &source, port->fds[i], EPOLLIN, port_proxy_on_connection,
                                        p);

                if (r < 0)
                        return error_set(reterr, r, "watch port %s", port->container);
                (void) sd_event_source_set_description(source, "port");
                *XGROW(p->sources, p->n_sources) = source;
        }
        return 0;
}

int port_proxy_new(sd_event *event, const KeeperOptions *o, const KeeperPorts *ports, PortProxy **ret,
                   Error *reterr) {
        _cleanup_(port_proxy_freep) PortProxy *p = xmalloc0(sizeof(*p));

        *p = (PortProxy){.options = o, .ports = ports, .event = event, .leader_fd = -EBADF};
        for (size_t i = 0; i < ports->n; i++) {
                int r = port_proxy_watch(p, &ports->ports[i], reterr);

                if (r < 0)
                        return r;
        }
        port_proxy_listen(p);
        *ret = TAKE_PTR(p);
        return 0;
}

PortProxy *port_proxy_free(PortProxy *p) {
        if (!p)
                return NULL;
        port_proxy_disable(p);
        port_proxy_retire(p);
        free(p->sources);
        free(p);
        return NULL;
}

void port_proxy_retire(PortProxy *p) {
        while (p->n_sources > 0)
                sd_event_source_disable_unref(p->sources[--p->n_sources]);
}

bool port_proxy_runs(const PortProxy *p) {
        return p->pid > 0;
}

void port_proxy_enable(PortProxy *p, int leader_fd) {
        p->enabled = true;
        p->leader_fd = leader_fd;
        port_proxy_listen(p);
}

void port_proxy_disable(PortProxy *p) {
        p->enabled = false;
        p->leader_fd = -EBADF;
        p->retry = sd_event_source_disable_unref(p->retry);
        port_proxy_listen(p);
        if (p->pid > 0)
                (void) kill(p->pid, SIGKILL);
}

bool port_proxy_reaped(PortProxy *p, pid_t pid, int status) {
        if (p->pid == 0 || p->pid != pid)
                return false;
        p->pid = 0;
        if (p->enabled && WIFEXITED(status) && WEXITSTATUS(status) != 0)
                port_proxy_pause(p);
        port_proxy_listen(p);
        return true;
}
