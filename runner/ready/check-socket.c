/* SPDX-License-Identifier: MIT */

/* Checks that connect: to a port, with or without a request by HTTP, or to a unix socket. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/in-root.h"
#include "ready/check.h"

#define ATTEMPT_USEC (5 * USEC_PER_SEC)

/* A refused attempt is a few system calls. So a pause is about a 25th of the time that has passed,
 * and that much later at most a service is found; the longest is reached after 12 s and 100 attempts. */
#define GROWTH 4

static void check_socket_stop(Check *c) {
        c->io = sd_event_source_disable_unref(c->io);
        c->fd = safe_close(c->fd);
}

/* ---- ports ---- */

static void start_family(Check *c, int family);

/* A service may listen on one of the two loopback addresses only. When IPv6 does no better, what IPv4 said
 * is told. */
static void refuse(Check *c, int errnum) {
        if (c->family == AF_INET) {
                check_socket_stop(c);
                c->refused = errnum;
                start_family(c, AF_INET6);
                return;
        }
        check_fail(c, "%s", strerror(c->refused));
}

static int send_request(const Check *c) {
        _cleanup_free_ char *text =
                xasprintf("GET %s HTTP/1.1\r\nHost: localhost:%u\r\nUser-Agent: flake-containers\r\n"
                          "Accept: */*\r\nConnection: close\r\n\r\n",
                          c->http->path, c->port);
        size_t size = strlen(text);
        ssize_t n = send(c->fd, text, size, MSG_NOSIGNAL);

        /* A new connection takes this much at once. */
        return n < 0 ? -errno : (size_t) n < size ? -EAGAIN : 0;
}

static void on_answer(Check *c) {
        ssize_t n = recv(c->fd, c->answer + c->answer_size, sizeof(c->answer) - c->answer_size, 0);
        int status;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                check_fail(c, "%s", n < 0 ? strerror(errno) : "closed without an answer");
                return;
        }
        c->answer_size += (size_t) n;
        status = http_status_parse(c->answer, c->answer_size);
        if (status < 0)
                check_fail(c, "the answer is not HTTP");
        else if (status == 0)
                return;
        else if (status < c->http->status_min || status > c->http->status_max)
                check_fail(c, "status %d", status);
        else
                check_succeed(c);
}

static void on_connected(Check *c) {
        int r;

        c->connected = true;
        if (!c->http) {
                check_succeed(c);
                return;
        }
        r = send_request(c);
        if (r < 0) {
                check_fail(c, "%s", strerror(-r));
                return;
        }
        (void) sd_event_source_set_io_events(c->io, EPOLLIN);
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        socklen_t size = sizeof(int);
        Check *c = userdata;
        int error = 0;

        if (c->connected)
                on_answer(c);
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
                refuse(c, error);
        else
                on_connected(c);
        return 0;
}

static int connect_family(Check *c) {
        struct sockaddr_in v4 = {
                .sin_family = AF_INET,
                .sin_port = htons(c->port),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        struct sockaddr_in6 v6 = {
                .sin6_family = AF_INET6,
                .sin6_port = htons(c->port),
                .sin6_addr = IN6ADDR_LOOPBACK_INIT,
        };
        bool is_v4 = c->family == AF_INET;

        c->fd = enter_socket(check_request(c)->target, c->family, SOCK_STREAM);
        if (c->fd < 0)
                return c->fd;
        if (connect(c->fd, is_v4 ? (struct sockaddr *) &v4 : (struct sockaddr *) &v6,
                    is_v4 ? sizeof(v4) : sizeof(v6)) < 0 &&
            errno != EINPROGRESS)
                return -errno;
        return sd_event_add_io(check_request(c)->event, &c->io, c->fd, EPOLLOUT, on_io, c);
}

static void start_family(Check *c, int family) {
        int r;

        c->family = family;
        c->connected = false;
        c->answer_size = 0;
        r = connect_family(c);
        if (r < 0)
                refuse(c, -r);
}

static void start_tcp(Check *c) {
        start_family(c, AF_INET);
}

const CheckKind check_tcp = {
        .start = start_tcp,
        .stop = check_socket_stop,
        .timeout_usec = ATTEMPT_USEC,
        .growth = GROWTH,
};

/* ---- unix sockets ---- */

/* The path is resolved in the container's root; connect(2) gets what was found, whatever is there by now. */
static int connect_unix(int target_fd, int type) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        (void) fs_proc_fd(address.sun_path, target_fd);
        return connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
}

static void start_unix(Check *c) {
        static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
        _cleanup_close_ int fd = root_open(check_request(c)->target->root_fd, c->path, O_PATH);
        int r = fd;

        for (size_t i = 0; fd >= 0 && i < ELEMENTSOF(types); i++) {
                r = connect_unix(fd, types[i]);
                if (r != -EPROTOTYPE)
                        break;
        }
        if (r < 0)
                check_fail(c, "%s", r == -EAGAIN ? "too many wait to be accepted" : strerror(-r));
        else
                check_succeed(c);
}

const CheckKind check_unix = {
        .start = start_unix,
        .stop = check_socket_stop,
        .timeout_usec = ATTEMPT_USEC,
        .growth = GROWTH,
};
