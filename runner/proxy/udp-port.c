/* SPDX-License-Identifier: MIT */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/process.h"
#include "proxy/udp-port.h"

/* So many datagrams are passed on before others have their turn. */
#define UDP_ROUNDS 32

/* So many are dropped at once: more than a socket can keep. */
#define DROP_MAX 65536

/* None is larger. */
#define DATAGRAM_SIZE 65536

struct Datagram {
        FlowKey key;
        size_t size;
        char data[];
};

static char buffer[DATAGRAM_SIZE];

/* ---- the host's side ---- */

typedef union Control {
        char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
        struct cmsghdr header;
} Control;

static bool is_link_local(const struct in6_addr *address) {
        return IN6_IS_ADDR_LINKLOCAL(address);
}

static void key_set_local(FlowKey *key, struct msghdr *message) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
                        struct in_pktinfo info;

                        memcpy(&info, CMSG_DATA(c), sizeof(info));
                        /* Of a broadcast it is the address of ours that it came to. */
                        memcpy(&key->local, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
                }
                if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
                        struct in6_pktinfo info;

                        memcpy(&info, CMSG_DATA(c), sizeof(info));
                        key->local = info.ipi6_addr;
                        if (is_link_local(&info.ipi6_addr))
                                key->interface = info.ipi6_ifindex;
                }
        }
}

/* Into the buffer. Return: its size or a negative errno. */
static ssize_t udp_port_receive(UdpPort *p, FlowKey *ret) {
        struct iovec data = {buffer, sizeof(buffer)};
        Control control;
        struct msghdr message = {
                .msg_name = &ret->client,
                .msg_namelen = sizeof(ret->client),
                .msg_iov = &data,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;

        memset(ret, 0, sizeof(*ret));
        n = recvmsg(p->watch.fd, &message, MSG_DONTWAIT);
        if (n < 0)
                return -errno;
        ret->port = p;
        if (ret->client.any.sa_family == AF_INET6)
                ret->client.in6.sin6_flowinfo = 0;
        key_set_local(ret, &message);
        return n;
}

static size_t control_set(Control *control, const FlowKey *key) {
        bool is_ipv4 = key->client.any.sa_family == AF_INET;
        struct in_pktinfo info = {};
        struct in6_pktinfo info6 = {.ipi6_addr = key->local, .ipi6_ifindex = key->interface};
        size_t size = is_ipv4 ? sizeof(info) : sizeof(info6);

        memset(control, 0, sizeof(*control));
        memcpy(&info.ipi_spec_dst, &key->local, sizeof(info.ipi_spec_dst));
        control->header = (struct cmsghdr){
                .cmsg_len = CMSG_LEN(size),
                .cmsg_level = is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6,
                .cmsg_type = is_ipv4 ? IP_PKTINFO : IPV6_PKTINFO,
        };
        memcpy(CMSG_DATA(&control->header), is_ipv4 ? (void *) &info : (void *) &info6, size);
        return CMSG_SPACE(size);
}

/* To the client, from the address that it has sent to. Whether it arrives is not for us to see. */
static void flow_answer(const Flow *f, size_t size) {
        const UdpPort *p = f->key.port;
        bool is_ipv4 = f->key.client.any.sa_family == AF_INET;
        struct iovec data = {buffer, size};
        Control control;
        struct msghdr message = {
                .msg_name = (void *) &f->key.client,
                .msg_namelen = is_ipv4 ? sizeof(f->key.client.in) : sizeof(f->key.client.in6),
                .msg_iov = &data,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = control_set(&control, &f->key),
        };

        (void) sendmsg(p->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- the service's side ---- */

/* Where the service is has to be found out anew. */
static void flow_on_refused(UdpPort *p, Flow *f) {
        if (f->answered) {
                f->answered = false;
                return;
        }
        /* Told later than when it was sent. */
        if (p->number == f->number)
                p->number = (p->number + 1) % TARGET_ADDRESSES;
        flows_end(p->flows, f);
}

static void flow_on_ready(Watch *w, uint32_t events) {
        Flow *f = CONTAINER_OF(w, Flow, watch);
        UdpPort *p = (UdpPort *) (uintptr_t) f->key.port;
        uint64_t now = now_usec();

        for (unsigned i = 0; i < UDP_ROUNDS; i++) {
                ssize_t n = recv(w->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

                if (n >= 0) {
                        f->answered = true;
                        p->number = f->number;
                        flow_answer(f, (size_t) n);
                        continue;
                }
                if (errno == EAGAIN)
                        break;
                flow_on_refused(p, f);
                return;
        }
        flows_touch(p->flows, f, /* from_client= */ false, now);
}

/* Return: 0 or a negative errno. */
static int flow_connect(UdpPort *p, Flow *f) {
        _cleanup_close_ int fd = -EBADF;
        TargetAddress address;
        socklen_t length = target_address(&p->target, f->number, &address);
        int r;

        if (length == 0)
                return -ECONNREFUSED;
        fd = target_socket(&address, SOCK_DGRAM);
        /* Others have taken what there is. */
        if (fd == -EMFILE && p->flows->n > 1 && p->flows->lists[FLOW_SHORT].first != f &&
            flows_end_oldest(p->flows))
                fd = target_socket(&address, SOCK_DGRAM);
        if (fd < 0)
                return fd;
        if (connect(fd, &address.any, length) < 0)
                return -errno;
        if (target_is_own(fd))
                return -ECONNREFUSED;
        f->watch = (Watch){flow_on_ready, fd};
        r = loop_add(p->loop, &f->watch, EPOLLIN);
        if (r < 0) {
                f->watch.fd = -EBADF;
                return r;
        }
        (void) TAKE_FD(fd);
        return 0;
}

static void flow_disconnect(UdpPort *p, Flow *f) {
        if (f->watch.fd < 0)
                return;
        loop_remove(p->loop, &f->watch);
        f->watch.fd = safe_close(f->watch.fd);
        f->answered = false;
}

/* No service is there, perhaps not yet, or not at this address. */
static bool is_refusal(int error) {
        switch (-error) {
        case ECONNREFUSED:
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
        case ENETUNREACH:
        case EHOSTUNREACH:
                return true;
        default:
                return false;
        }
}

/* A refusal comes before send(2) has returned, since all this is on one machine's loopback. Return: 0 or a
 * negative errno. */
static int flow_send(const Flow *f, const char *data, size_t size) {
        int error = 0;
        socklen_t n = sizeof(error);
        ssize_t sent = send(f->watch.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        /* That was about an earlier one. */
        if (sent < 0 && errno == ECONNREFUSED)
                sent = send(f->watch.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0)
                return -errno;
        if (f->answered)
                return 0;
        return getsockopt(f->watch.fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? -errno : -error;
}

/* To the first address that does not refuse it, the one that was right last before the others; or it is
 * lost. Return: false: all refuse it. */
static bool udp_port_deliver(UdpPort *p, const FlowKey *key, const char *data, size_t size) {
        uint64_t now = now_usec();
        Flow *f = flows_find(p->flows, key);
        int r = -ECONNREFUSED;

        if (!f) {
                f = flows_add(p->flows, key, now);
                f->number = p->number;
        } else
                flows_touch(p->flows, f, /* from_client= */ true, now);
        for (unsigned i = 0; i < TARGET_ADDRESSES; i++) {
                r = f->watch.fd >= 0 ? 0 : flow_connect(p, f);
                if (r >= 0)
                        r = flow_send(f, data, size);
                if (!is_refusal(r))
                        break;
                flow_disconnect(p, f);
                f->number = (f->number + 1) % TARGET_ADDRESSES;
        }
        if (f->watch.fd < 0)
                flows_end(p->flows, f);
        return !is_refusal(r);
}

/* ---- waiting for a service ---- */

static void udp_port_hold(UdpPort *p, const FlowKey *key, size_t size) {
        p->held = xmalloc0(sizeof(*p->held) + size);
        memcpy(&p->held->key, key, sizeof(*key));
        p->held->size = size;
        memcpy(p->held->data, buffer, size);
        p->pause_usec = TARGET_RETRY_FIRST_USEC;
        p->since_usec = now_usec();
        loop_set_timer(p->loop, &p->retry, p->pause_usec);
        loop_set(p->loop, &p->watch, 0);
        p->handlers->waits(p, true);
}

static void udp_port_release(UdpPort *p) {
        free(p->held);
        p->held = NULL;
        loop_set(p->loop, &p->watch, EPOLLIN);
        p->handlers->waits(p, false);
}

static void udp_port_drop_all(UdpPort *p) {
        for (unsigned i = 0; i < DROP_MAX && recv(p->watch.fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0; i++)
                ;
}

static void udp_port_on_time(Timer *t) {
        UdpPort *p = CONTAINER_OF(t, UdpPort, retry);

        if (udp_port_deliver(p, &p->held->key, p->held->data, p->held->size)) {
                udp_port_release(p);
                return;
        }
        if (now_usec() - p->since_usec >= UDP_PATIENCE_USEC) {
                udp_port_drop_all(p);
                udp_port_release(p);
                return;
        }
        if (p->pause_usec < TARGET_RETRY_LAST_USEC)
                p->pause_usec *= 2;
        loop_set_timer(p->loop, &p->retry, p->pause_usec);
}

/* An answer could not be sent any more. */
static void udp_port_end(UdpPort *p) {
        if (p->held) {
                loop_clear_timer(p->loop, &p->retry);
                udp_port_release(p);
        }
        flows_end_of(p->flows, p);
        loop_remove(p->loop, &p->watch);
        p->watch.fd = safe_close(p->watch.fd);
        p->handlers->ended(p);
}

static void udp_port_on_ready(Watch *w, uint32_t events) {
        UdpPort *p = CONTAINER_OF(w, UdpPort, watch);

        if (events & EPOLLHUP) {
                udp_port_end(p);
                return;
        }
        for (unsigned i = 0; i < UDP_ROUNDS; i++) {
                FlowKey key;
                ssize_t n = udp_port_receive(p, &key);

                if (n < 0)
                        return;
                if (!udp_port_deliver(p, &key, buffer, (size_t) n)) {
                        udp_port_hold(p, &key, (size_t) n);
                        return;
                }
        }
}

int udp_port_open(UdpPort *p, Loop *loop, Flows *flows, int fd, const Target *target,
                  const UdpPortHandlers *handlers, Error *reterr) {
        int r;

        *p = (UdpPort){
                .watch = {udp_port_on_ready, fd},
                .loop = loop,
                .flows = flows,
                .target = *target,
                .retry.on_time = udp_port_on_time,
                .handlers = handlers,
        };
        r = loop_add(loop, &p->watch, EPOLLIN);
        return r < 0 ? error_set(reterr, r, "watch a port") : 0;
}

void udp_port_done(UdpPort *p) {
        free(p->held);
        p->held = NULL;
}
