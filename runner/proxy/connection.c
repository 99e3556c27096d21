/* SPDX-License-Identifier: MIT */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "proxy/connection.h"
#include "proxy/pump.h"

/* Told once each time that something comes: nothing is said to the kernel while a connection lives. */
#define EVENTS ((uint32_t) (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))

enum {
        CLIENT,
        SERVICE,
        SIDES,
};

typedef struct Connection {
        ConnectionContext *context;
        Watch sides[SIDES];
        Pump pumps[SIDES]; /* from that side to the other */
} Connection;

void connection_reset(int fd) {
        (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        (void) close(fd);
}

static void connection_end(Connection *c, bool reset) {
        ConnectionContext *context = c->context;

        for (unsigned i = 0; i < SIDES; i++) {
                loop_remove(context->loop, &c->sides[i]);
                pump_done(&c->pumps[i], &context->pipes);
                if (reset)
                        connection_reset(c->sides[i].fd);
                else
                        (void) close(c->sides[i].fd);
        }
        free(c);
        context->on_end(context);
}

/* Return: 0 or a negative errno. */
static int connection_pump(Connection *c, unsigned side) {
        int r = pump_run(&c->pumps[side], &c->context->pipes, c->sides[side].fd, c->sides[!side].fd);

        if (r == PUMP_MORE)
                loop_set(c->context->loop, &c->sides[side], EVENTS);
        return r < 0 ? r : 0;
}

/* A reset is noticed also where nothing is read or written. Return: 0 or a negative errno. */
static int connection_error(int fd) {
        int error = 0;
        socklen_t n = sizeof(error);

        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? -errno : -error;
}

static void connection_on_ready(Connection *c, unsigned side, uint32_t events) {
        int r = 0;

        if (events & ~(uint32_t) EPOLLOUT)
                r = connection_pump(c, side);
        if (r >= 0 && (events & EPOLLOUT) && c->pumps[!side].full)
                r = connection_pump(c, !side);
        if (r >= 0 && (events & EPOLLERR))
                r = connection_error(c->sides[side].fd);
        if (r < 0 || (c->pumps[CLIENT].done && c->pumps[SERVICE].done))
                connection_end(c, /* reset= */ r < 0);
}

static void connection_on_client(Watch *w, uint32_t events) {
        connection_on_ready(CONTAINER_OF(w, Connection, sides[CLIENT]), CLIENT, events);
}

static void connection_on_service(Watch *w, uint32_t events) {
        connection_on_ready(CONTAINER_OF(w, Connection, sides[SERVICE]), SERVICE, events);
}

int connection_new(ConnectionContext *context, int client_fd, int service_fd) {
        Connection *c = xmalloc0(sizeof(*c));
        const int one = 1;
        int r;

        *c = (Connection){
                .context = context,
                .sides = {{connection_on_client, client_fd}, {connection_on_service, service_fd}},
                .pumps = {PUMP_NULL, PUMP_NULL},
        };
        (void) setsockopt(client_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        /* A client elsewhere in the network may be gone without a word. */
        (void) setsockopt(client_fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
        r = loop_add(context->loop, &c->sides[CLIENT], EVENTS);
        if (r >= 0)
                r = loop_add(context->loop, &c->sides[SERVICE], EVENTS);
        if (r < 0)
                connection_end(c, /* reset= */ true);
        return r;
}
