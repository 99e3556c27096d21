/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "base/process.h"
#include "net/low-port.h"
#include "net/port-holder.h"
#include "net/port-release.h"
#include "net/ports.h"

/* Above the kernel's default range for outgoing connections (net.ipv4.ip_local_port_range ends at 60999), so
 * that a remembered port is not lost to one. */
#define AUTO_MIN 61000u
#define AUTO_MAX 65535u

/* How far above a taken port a free one is looked for. */
#define FREE_DISTANCE 100u

/* What a UDP port keeps while it is not read. */
#define UDP_ROOM (1024 * 1024)

/* How long a socket on its way out is waited for. */
#define RELEASE_USEC (500 * USEC_PER_MSEC)

typedef union Endpoint {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
} Endpoint;

/* Where one published port is bound. */
typedef struct Endpoints {
        Endpoint items[PORT_ADDRESSES_MAX];
        size_t n;
        bool second_is_optional;
        bool udp;
} Endpoints;

static bool endpoint_parse(const char *address, Endpoint *ret) {
        Endpoint e = {0};

        if (inet_pton(AF_INET, address, &e.in.sin_addr) == 1)
                e.any.sa_family = AF_INET;
        else if (inet_pton(AF_INET6, address, &e.in6.sin6_addr) == 1)
                e.any.sa_family = AF_INET6;
        else
                return false;
        *ret = e;
        return true;
}

static uint16_t endpoint_get_port(const Endpoint *e) {
        return ntohs(e->any.sa_family == AF_INET ? e->in.sin_port : e->in6.sin6_port);
}

static void endpoint_set_port(Endpoint *e, uint16_t port) {
        if (e->any.sa_family == AF_INET)
                e->in.sin_port = htons(port);
        else
                e->in6.sin6_port = htons(port);
}

static char *endpoint_to_string(const Endpoint *e, bool udp) {
        const char *protocol = udp ? "/udp" : "";
        char text[INET6_ADDRSTRLEN];

        if (e->any.sa_family == AF_INET) {
                (void) inet_ntop(AF_INET, &e->in.sin_addr, text, sizeof(text));
                return xasprintf("%s:%u%s", text, ntohs(e->in.sin_port), protocol);
        }
        (void) inet_ntop(AF_INET6, &e->in6.sin6_addr, text, sizeof(text));
        return xasprintf("[%s]:%u%s", text, ntohs(e->in6.sin6_port), protocol);
}

static int endpoints_of(const Port *port, Endpoints *ret, Error *reterr) {
        const char *addresses[PORT_ADDRESSES_MAX];
        Endpoints e = {
                .n = port_addresses(port, addresses),
                .second_is_optional = !port->address,
                .udp = port->udp,
        };

        for (size_t i = 0; i < e.n; i++)
                if (!endpoint_parse(addresses[i], &e.items[i]))
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a numeric IP address",
                                           addresses[i]);
        *ret = e;
        return 0;
}

/* The kernel notes where a datagram was sent to only while it is asked to: from the first one on, which
 * waits before the proxy runs. */
static int prepare_udp(int fd, bool is_ipv4) {
        const int one = 1, room = UDP_ROOM;

        (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
        return is_ipv4 ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one))
                       : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
}

/* Return: a socket that takes connections or datagrams, or a negative errno. */
static int listen_on(const Endpoint *e, bool udp) {
        _cleanup_close_ int fd =
                host_socket(e->any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
        bool is_ipv4 = e->any.sa_family == AF_INET;
        const int one = 1;

        if (fd < 0)
                return fd;
        /* Else connections of an earlier run in TIME_WAIT would keep the port for a minute. On Linux this
         * does not let us bind beside a listener; of two sockets for datagrams it would. */
        if (!udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
                return -errno;
        if (udp && prepare_udp(fd, is_ipv4) < 0)
                return -errno;
        if (!is_ipv4 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
                return -errno;
        if (bind(fd, &e->any, is_ipv4 ? sizeof(e->in) : sizeof(e->in6)) < 0)
                return -errno;
        /* Two sockets with SO_REUSEADDR may both be bound; only one of them may listen. */
        if (!udp && listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Binds all addresses on `port`, or none. @reterr_index: on failure, the one that did not work; may be NULL.
 * Return: 0 or a negative errno. */
static int bind_all(Endpoints *endpoints, uint16_t port, PublishedPort *ret, size_t *reterr_index) {
        _cleanup_(published_port_done) PublishedPort sockets = PUBLISHED_PORT_NULL;

        for (size_t i = 0; i < endpoints->n; i++) {
                int fd;

                endpoint_set_port(&endpoints->items[i], port);
                fd = listen_on(&endpoints->items[i], endpoints->udp);
                if (i > 0 && endpoints->second_is_optional && (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT))
                        break;
                if (fd < 0) {
                        if (reterr_index)
                                *reterr_index = i;
                        return fd;
                }
                sockets.fds[i] = fd;
        }
        sockets.host = port;
        *ret = sockets;
        sockets = PUBLISHED_PORT_NULL;
        return 0;
}

bool port_find_free(const Port *port, PublishedPort *ret) {
        Endpoints endpoints;

        if (port->host == 0 || endpoints_of(port, &endpoints, NULL) < 0)
                return false;
        for (unsigned p = port->host + 1u; p <= UINT16_MAX && p <= port->host + FREE_DISTANCE; p++)
                if (bind_all(&endpoints, (uint16_t) p, ret, NULL) >= 0)
                        return true;
        return false;
}

static int raise_taken(const Endpoints *endpoints, size_t index, PortDescribeMachine describe,
                       void *userdata, Error *reterr) {
        _cleanup_(port_holder_done) PortHolder holder = PORT_HOLDER_NULL;
        _cleanup_free_ char *where = endpoint_to_string(&endpoints->items[index], endpoints->udp),
                            *who = NULL;

        port_holder_find(&endpoints->items[index].any, endpoints->udp, &holder);
        if (holder.machine && describe)
                who = describe(holder.machine, userdata);
        if (holder.machine && !who)
                who = xasprintf("container '%s' (pid %d)", holder.machine, (int) holder.pid);
        if (!who && holder.pid > 0)
                who = xasprintf("'%s' (pid %d)", holder.command ? holder.command : "?", (int) holder.pid);

        return error_raise(reterr, FC_EXIT_CONFLICT, "%s is taken by %s", where,
                           who ? who : "a process that is not visible from here");
}

static int raise_bind(const Endpoints *endpoints, size_t index, int errnum, PortDescribeMachine describe,
                      void *userdata, Error *reterr) {
        _cleanup_free_ char *where = endpoint_to_string(&endpoints->items[index], endpoints->udp),
                            *hint = NULL;
        int r;

        switch (-errnum) {
        case EADDRINUSE:
                return raise_taken(endpoints, index, describe, userdata, reterr);
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
                r = error_raise(reterr, FC_EXIT_HOST, "bind %s: this host does not have that address",
                                where);
                error_add_hint(reterr, "see which it has: ip -brief address");
                return r;
        case EACCES:
                r = error_set(reterr, errnum, "bind %s", where);
                if (host_socket_is_brokered())
                        hint = low_port_hint(endpoint_get_port(&endpoints->items[index]));
                error_add_hint(reterr, "%s", hint ? hint : "ports below 1024 need root");
                return r;
        default:
                return error_set(reterr, errnum, "bind %s", where);
        }
}

static bool ports_is_held(const Endpoint *e, bool udp) {
        _cleanup_(port_holder_done) PortHolder holder = PORT_HOLDER_NULL;

        port_holder_find(&e->any, udp, &holder);
        return holder.pid > 0;
}

/* Of a port that no process holds the socket is on its way out. */
static int bind_patiently(Endpoints *endpoints, uint16_t port, PublishedPort *ret, size_t *reterr_index) {
        _cleanup_close_ int watch = -EBADF;
        uint64_t deadline;
        int r;

        r = bind_all(endpoints, port, ret, reterr_index);
        if (r != -EADDRINUSE || ports_is_held(&endpoints->items[*reterr_index], endpoints->udp))
                return r;
        deadline = now_usec() + RELEASE_USEC;
        watch = port_release_watch();
        do
                r = bind_all(endpoints, port, ret, reterr_index);
        while (r == -EADDRINUSE && watch >= 0 && port_release_wait(watch, deadline) > 0);
        return r;
}

/* A free port of the automatic range, tried from a random place on, so that projects which do not run at the
 * same time rarely remember the same one. */
static int bind_automatic(Endpoints *endpoints, PublishedPort *ret, size_t *reterr_index) {
        const unsigned n = AUTO_MAX - AUTO_MIN + 1;
        unsigned first = 0;
        int r = -EADDRINUSE;

        if (getrandom(&first, sizeof(first), GRND_NONBLOCK) < 0)
                first = 0; /* the lowest free one does, too */
        for (unsigned i = 0; i < n && r == -EADDRINUSE; i++)
                r = bind_all(endpoints, (uint16_t) (AUTO_MIN + (first % n + i) % n), ret, reterr_index);
        return r;
}

int port_bind(const Port *port, uint16_t preferred, PortDescribeMachine describe, void *userdata,
              PublishedPort *ret, Error *reterr) {
        Endpoints endpoints;
        size_t index = 0;
        int r;

        r = endpoints_of(port, &endpoints, reterr);
        if (r < 0)
                return r;

        if (port->host > 0)
                r = bind_patiently(&endpoints, port->host, ret, &index);
        else {
                r = preferred > 0 ? bind_patiently(&endpoints, preferred, ret, &index) : -EADDRINUSE;
                if (r == -EADDRINUSE)
                        r = bind_automatic(&endpoints, ret, &index);
                if (r == -EADDRINUSE)
                        return error_raise(reterr, FC_EXIT_CONFLICT, "no port from %u to %u is free",
                                           AUTO_MIN, AUTO_MAX);
        }
        if (r < 0)
                return raise_bind(&endpoints, index, r, describe, userdata, reterr);
        ret->wanted = port;
        return 0;
}
