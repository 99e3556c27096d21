/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/process.h"
#include "net/bridge-try.h"
#include "net/netlink.h"

#define PATIENCE_USEC (500 * USEC_PER_MSEC)

/* The bridge discards what comes before its ports forward, and says nothing of either. */
#define AGAIN_MSEC 20

/* The links' ends: in the host's namespace, where they are ports, and in the other. */
static const char *const ports[] = {BRIDGE_TRY_NAME "-a", BRIDGE_TRY_NAME "-b"};
static const char *const ends[] = {"a", "b"};

/* From one of the addresses for documentation to another (RFC 5737), to the port 9, "discard". */
typedef struct __attribute__((packed)) Frame {
        struct ether_header ethernet;
        struct iphdr ip;
        struct udphdr udp;
        char text[16];
} Frame;

/* RFC 1071. Netfilter discards a header whose sum is wrong before any rule sees it. */
static uint16_t bridge_try_sum(struct iphdr ip) {
        uint16_t words[sizeof(ip) / sizeof(uint16_t)];
        uint32_t sum = 0;

        memcpy(words, &ip, sizeof(words));
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                sum += words[i];
        sum = (sum & 0xffff) + (sum >> 16);
        return (uint16_t) ~(sum + (sum >> 16));
}

static Frame bridge_try_frame(void) {
        Frame frame = {
                .ethernet = {.ether_dhost = {2, 0, 0, 0, 0, 2},
                             .ether_shost = {2, 0, 0, 0, 0, 1},
                             .ether_type = htons(ETHERTYPE_IP)},
                .ip = {.version = 4, .ihl = sizeof(struct iphdr) / 4, .ttl = 64, .protocol = IPPROTO_UDP},
                .udp = {.source = htons(9), .dest = htons(9)},
                .text = BRIDGE_TRY_NAME,
        };

        frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ethernet));
        frame.ip.saddr = inet_addr("192.0.2.1");
        frame.ip.daddr = inet_addr("192.0.2.2");
        frame.ip.check = bridge_try_sum(frame.ip);
        frame.udp.len = htons(sizeof(frame.udp) + sizeof(frame.text));
        return frame;
}

/* Whether it arrives in time. */
static int bridge_try_send(int from, int to) {
        const Frame frame = bridge_try_frame();
        uint64_t deadline = now_usec() + PATIENCE_USEC;

        while (now_usec() < deadline) {
                struct pollfd p = {.fd = to, .events = POLLIN};
                Frame heard;

                if (send(from, &frame, sizeof(frame), 0) < 0 && errno != ENETDOWN && errno != ENOBUFS)
                        return -errno;
                if (poll(&p, 1, AGAIN_MSEC) < 0 && errno != EINTR)
                        return -errno;
                while (recv(to, &heard, sizeof(heard), MSG_DONTWAIT) == sizeof(heard))
                        if (memcmp(heard.text, frame.text, sizeof(frame.text)) == 0)
                                return 1;
        }
        return 0;
}

/* In the namespace of the calling thread. */
static int bridge_try_socket(const char *end) {
        struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
        _cleanup_close_ int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

        address.sll_ifindex = (int) if_nametoindex(end);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Both ends are there before either is up: then the port begins to forward with its carrier. */
static int bridge_try_link(Netlink *host, Netlink *other, int host_fd, int bridge, size_t i) {
        Link port, end;
        int r;

        r = netlink_veth_create(other, ends[i], ports[i], host_fd);
        if (r >= 0)
                r = netlink_link_find(host, ports[i], &port);
        if (r >= 0)
                r = netlink_link_find(other, ends[i], &end);
        if (r >= 0)
                r = netlink_link_attach(host, port.index, bridge);
        if (r >= 0)
                r = netlink_link_up(other, end.index);
        return r < 0 ? r : netlink_link_up(host, port.index);
}

/* Called in the other namespace. */
static int bridge_try_in(Netlink *host, int host_fd, int bridge, bool *ret_passes, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *other = NULL;
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        int r = netlink_open(&other, reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                r = bridge_try_link(host, other, host_fd, bridge, i);
                if (r < 0)
                        return error_set(reterr, r, "add a port to bridge '" BRIDGE_TRY_NAME "'");
        }
        from = bridge_try_socket(ends[0]);
        to = bridge_try_socket(ends[1]);
        r = from < 0 ? from : to < 0 ? to : bridge_try_send(from, to);
        if (r < 0)
                return error_set(reterr, r, "send a frame over bridge '" BRIDGE_TRY_NAME "'");
        *ret_passes = r > 0;
        return 0;
}

/* Goes into a namespace of its own, and back. */
static int bridge_try_over(Netlink *host, int bridge, bool *ret_passes, Error *reterr) {
        _cleanup_close_ int host_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        int r;

        if (host_fd < 0 || unshare(CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "make a network namespace");
        r = bridge_try_in(host, host_fd, bridge, ret_passes, reterr);
        /* In the wrong network nothing that comes next would be right. */
        if (setns(host_fd, CLONE_NEWNET) < 0)
                abort();
        return r;
}

/* The links go with their other ends, but some time after the namespace. */
static void bridge_try_clear(Netlink *host, int bridge) {
        for (size_t i = 0; i < ELEMENTSOF(ports); i++)
                (void) netlink_link_delete_named(host, ports[i]);
        (void) netlink_link_delete(host, bridge);
}

int bridge_try(bool *ret_passes, Error *reterr) {
        static const uint8_t mac[] = {2, 0, 0, 0, 0, 0};
        _cleanup_(netlink_freep) Netlink *host = NULL;
        Link bridge;
        int r;

        r = netlink_open(&host, reterr);
        if (r < 0)
                return r;
        r = netlink_link_find(host, BRIDGE_TRY_NAME, &bridge);
        if (r >= 0 && bridge.index > 0 && streq(bridge.kind, "bridge"))
                bridge_try_clear(host, bridge.index);
        if (r >= 0)
                r = netlink_bridge_create(host, BRIDGE_TRY_NAME, mac);
        if (r >= 0)
                r = netlink_link_find(host, BRIDGE_TRY_NAME, &bridge);
        if (r >= 0)
                r = netlink_link_up(host, bridge.index);
        if (r < 0)
                return error_set(reterr, r, "make bridge '" BRIDGE_TRY_NAME "'");
        r = bridge_try_over(host, bridge.index, ret_passes, reterr);
        bridge_try_clear(host, bridge.index);
        return r;
}
