/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "proxy/connection.h"
#include "proxy/listener.h"
#include "proxy/server.h"
#include "proxy/udp-port.h"

/* Long enough for a person who clicks through pages. */
#define IDLE_USEC (60 * USEC_PER_SEC)

/* Until the system may have room again, for which there is no event. */
#define NO_ROOM_USEC (100 * USEC_PER_MSEC)

/* A client's socket and one to the service. */
#define CONNECTION_FILES 2

/* Of a host whose limit is smaller: for some 30,000 connections. */
#define FILES 65536

/* Descriptors beside those of connections, listeners and pipes. */
#define OTHER_FILES 32

struct Server {
        ConnectionContext context;
        Loop loop;
        Listener *listeners;
        size_t n_listeners;
        UdpPort *udp;
        size_t n_udp;
        Flows flows;
        unsigned n_connections, max_connections;
        unsigned n_busy; /* connections, flows, and ports that wait for a service */
        bool full;       /* nothing is accepted */
        size_t n_open;   /* sockets of the host that were not taken back */
        Timer idle, no_room;
};

unsigned server_room(uint64_t files, size_t n_listeners) {
        uint64_t others = OTHER_FILES + 2 * PIPES_IDLE + n_listeners * (1 + TARGET_ADDRESSES), room;

        if (files > UINT32_MAX)
                files = UINT32_MAX;
        room = files > others ? (files - others) / CONNECTION_FILES : 0;
        return room > 0 ? (unsigned) room : 1;
}

/* So many pipes that connections lose no more than an eighth of their room to them. */
static unsigned server_pipes(uint64_t files) {
        uint64_t n = files / 16;

        return n < PIPES_IDLE ? PIPES_IDLE : n > PIPES_MAX ? PIPES_MAX : (unsigned) n;
}

static void server_busy(Server *s, bool on) {
        s->n_busy = on ? s->n_busy + 1 : s->n_busy - 1;
        if (s->n_busy == 0 && s->n_open == 0)
                loop_end(&s->loop);
        else if (s->n_busy == 0)
                loop_set_timer(&s->loop, &s->idle, IDLE_USEC);
        else if (s->n_busy == 1 && on)
                loop_clear_timer(&s->loop, &s->idle);
}

static void server_set_full(Server *s, bool full) {
        if (s->full == full)
                return;
        s->full = full;
        for (size_t i = 0; i < s->n_listeners; i++)
                listener_pause(&s->listeners[i], full);
}

static void server_on_connected(int client_fd, int service_fd, void *userdata) {
        Server *s = userdata;

        s->n_connections++;
        server_busy(s, true);
        if (s->n_connections >= s->max_connections)
                server_set_full(s, true);
        (void) connection_new(&s->context, client_fd, service_fd);
}

static void server_on_end(ConnectionContext *c) {
        Server *s = CONTAINER_OF(c, Server, context);

        s->n_connections--;
        server_busy(s, false);
        /* Not for each single one: that is a system call for each listener. */
        if (s->full && s->no_room.usec == 0 &&
            s->n_connections + 1 + s->max_connections / 64 <= s->max_connections)
                server_set_full(s, false);
}

static void server_on_no_room(void *userdata) {
        Server *s = userdata;

        loop_set_timer(&s->loop, &s->no_room, NO_ROOM_USEC);
        server_set_full(s, true);
}

static void server_on_room(Timer *t) {
        Server *s = CONTAINER_OF(t, Server, no_room);

        if (s->n_connections < s->max_connections)
                server_set_full(s, false);
}

static void server_on_waits(bool on, void *userdata) {
        server_busy(userdata, on);
}

static void server_on_idle(Timer *t) {
        Server *s = CONTAINER_OF(t, Server, idle);

        loop_end(&s->loop);
}

static void server_on_flow(Flows *flows, bool more) {
        server_busy(CONTAINER_OF(flows, Server, flows), more);
}

static void server_on_udp_waits(UdpPort *p, bool on) {
        server_busy(CONTAINER_OF(p->flows, Server, flows), on);
}

/* From here on it is there for its connections. */
static void server_on_ended(void *userdata) {
        Server *s = userdata;

        if (--s->n_open == 0 && s->n_busy == 0)
                loop_end(&s->loop);
}

static void server_on_udp_ended(UdpPort *p) {
        server_on_ended(CONTAINER_OF(p->flows, Server, flows));
}

static int server_open(Server *s, int fd, const Target *target, bool udp, Error *reterr) {
        static const ListenerHandlers handlers = {server_on_connected, server_on_no_room, server_on_waits,
                                                  server_on_ended};
        static const UdpPortHandlers udp_handlers = {server_on_udp_waits, server_on_udp_ended};

        s->n_open++;
        return udp ? udp_port_open(&s->udp[s->n_udp++], &s->loop, &s->flows, fd, target, &udp_handlers,
                                   reterr)
                   : listener_open(&s->listeners[s->n_listeners++], &s->loop, fd, target, &handlers, s,
                                   reterr);
}

static int server_listen(Server *s, const KeeperPort *port, struct in_addr own, Error *reterr) {
        bool udp = keeper_port_is_udp(port);
        Target target;
        char *end;
        unsigned long number = strtoul(port->container, &end, 10);
        bool proxy_protocol = streq(end, KEEPER_PORT_PROXY), host = streq(end, KEEPER_PORT_HOST);

        if (keeper_port_is_path(port))
                return server_open(s, port->fds[0], &(Target){.path = port->container}, /* udp= */ false,
                                   reterr);
        if (number == 0 || number > UINT16_MAX ||
            !(streq(end, udp ? KEEPER_PORT_UDP : "") || proxy_protocol || host))
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' is not a port", port->container);
        target = (Target){
                .port = (uint16_t) number, .own = own, .proxy_protocol = proxy_protocol, .impatient = host};
        for (size_t i = 0; i < keeper_port_sockets(port); i++) {
                int r = server_open(s, port->fds[i], &target, udp, reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Up to the hard limit, which is raised where it is small and that is allowed. */
static int server_make_room(Server *s, size_t n_sockets, bool udp, Error *reterr) {
        struct rlimit l;
        unsigned room;

        if (getrlimit(RLIMIT_NOFILE, &l) < 0)
                return error_set(reterr, errno, "ask for the limit of open files");
        if (l.rlim_max < FILES && setrlimit(RLIMIT_NOFILE, &(struct rlimit){FILES, FILES}) >= 0)
                l.rlim_max = FILES;
        l.rlim_cur = l.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &l) < 0)
                return error_set(reterr, errno, "raise the limit of open files");
        s->context.pipes.max = server_pipes(l.rlim_cur);
        room = server_room(l.rlim_cur - 2 * s->context.pipes.max, n_sockets);
        /* Half of it is for flows, which need one descriptor each. */
        s->max_connections = udp && room > 1 ? room / 2 : room;
        if (udp)
                flows_init(&s->flows, &s->loop, s->max_connections * CONNECTION_FILES, server_on_flow);
        return 0;
}

int server_new(const ProxyOptions *o, Server **ret, Error *reterr) {
        _cleanup_(server_freep) Server *s = xmalloc0(sizeof(*s));
        struct in_addr own = {htonl(INADDR_ANY)};
        size_t n_sockets = 0;
        bool udp = false;
        int r;

        *s = (Server){
                .context = {.loop = &s->loop, .on_end = server_on_end},
                .loop.epoll_fd = -EBADF,
                .idle.on_time = server_on_idle,
                .no_room.on_time = server_on_room,
        };
        if (o->address && inet_pton(AF_INET, o->address, &own) != 1)
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' is not an address", o->address);
        for (size_t i = 0; i < o->ports.n; i++) {
                n_sockets += keeper_port_sockets(&o->ports.ports[i]);
                udp = udp || keeper_port_is_udp(&o->ports.ports[i]);
        }
        s->listeners = xnew0(Listener, n_sockets);
        s->udp = xnew0(UdpPort, n_sockets);
        r = server_make_room(s, n_sockets, udp, reterr);
        if (r >= 0)
                r = loop_open(&s->loop, reterr);
        for (size_t i = 0; r >= 0 && i < o->ports.n; i++)
                r = server_listen(s, &o->ports.ports[i], own, reterr);
        if (r < 0)
                return r;
        loop_set_timer(&s->loop, &s->idle, IDLE_USEC);
        *ret = TAKE_PTR(s);
        return 0;
}

Server *server_free(Server *s) {
        if (!s)
                return NULL;
        pipes_done(&s->context.pipes);
        if (s->flows.buckets)
                flows_done(&s->flows);
        for (size_t i = 0; i < s->n_udp; i++)
                udp_port_done(&s->udp[i]);
        loop_done(&s->loop);
        free(s->udp);
        free(s->listeners);
        free(s);
        return NULL;
}

int server_run(Server *s, Error *reterr) {
        return loop_run(&s->loop, reterr);
}
