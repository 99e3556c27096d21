/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
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
        int leader_fd;             /* -EBADF: services are in the host's network */
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

static bool socket_is_at(int fd, const char *address, uint16_t host) {
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        } a = {};
        char text[INET6_ADDRSTRLEN] = "";
        socklen_t n = sizeof(a);

        if (getsockname(fd, &a.any, &n) < 0)
                return false;
        if (a.any.sa_family == AF_INET)
                (void) inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof(text));
        else
                (void) inet_ntop(AF_INET6, &a.in6.sin6_addr, text, sizeof(text));
        return ntohs(a.any.sa_family == AF_INET ? a.in.sin_port : a.in6.sin6_port) == host &&
               (!address || streq(text, address));
}

bool keeper_port_is_at(const KeeperPort *port, const char *address, uint16_t host, bool udp) {
        if (keeper_port_is_path(port) || keeper_port_is_udp(port) != udp)
                return false;
        for (size_t i = 0; i < keeper_port_sockets(port); i++)
                if (socket_is_at(port->fds[i], address, host))
                        return true;
        return false;
}

static void port_close(KeeperPort *port) {
        for (size_t i = 0; i < ELEMENTSOF(port->fds); i++)
                port->fds[i] = safe_close(port->fds[i]);
}

/* On a host that systemd manages the sockets of the specification come again with each start. */
static bool port_was_taken_back(const KeeperPort *port) {
        int listens = 1;
        socklen_t n = sizeof(listens);

        return !keeper_port_is_udp(port) && port->fds[0] >= 0 &&
               getsockopt(port->fds[0], SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) >= 0 && !listens;
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
                int r;

                if (port_was_taken_back(&ports->ports[i]))
                        port_close(&ports->ports[i]);
                r = port_proxy_watch(p, &ports->ports[i], reterr);

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

static void port_proxy_forget(PortProxy *p, int fd) {
        for (size_t i = 0; i < p->n_sources; i++)
                if (sd_event_source_get_io_fd(p->sources[i]) == fd) {
                        sd_event_source_disable_unref(p->sources[i]);
                        p->sources[i] = p->sources[--p->n_sources];
                        return;
                }
}

/* A proxy that runs has the sockets, too: shutdown(2) tells it. */
bool port_proxy_take_back(PortProxy *p, const char *address, uint16_t host, bool udp) {
        bool found = false;

        for (size_t i = 0; i < p->ports->n; i++) {
                KeeperPort *port = &p->ports->ports[i];

                if (!keeper_port_is_at(port, address, host, udp))
                        continue;
                found = true;
                for (size_t k = 0; k < keeper_port_sockets(port); k++) {
                        port_proxy_forget(p, port->fds[k]);
                        (void) shutdown(port->fds[k], SHUT_RDWR);
                }
                port_close(port);
        }
        return found;
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
