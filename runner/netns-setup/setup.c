/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>

#include "base/alloc.h"
#include "base/process.h"
#include "net/netlink.h"
#include "net/router-port.h"
#include "net/router6.h"
#include "net/uplink.h"
#include "netns-setup/interface.h"
#include "netns-setup/internet.h"
#include "netns-setup/listen.h"
#include "netns-setup/setup.h"

/* From leaving its namespaces to its end, which its pidfd tells, a process takes milliseconds. */
#define END_USEC (1 * USEC_PER_SEC)

/* Until an interface of the last boot has gone: tens of milliseconds, more on a busy host. */
#define LEAVE_USEC           (10 * USEC_PER_SEC)
#define LEAVE_PAUSE_USEC     (1 * USEC_PER_MSEC)
#define LEAVE_PAUSE_MAX_USEC (100 * USEC_PER_MSEC)

/* By pidfd instead of /proc/PID/ns/net, which could belong to another process by the time it is opened; and
 * no /proc is needed. */
static int open_process(pid_t pid, Error *reterr) {
        int pidfd = process_open(pid);

        if (pidfd == -ESRCH)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "process %d has ended", (int) pid);
        return pidfd < 0 ? error_set(reterr, pidfd, "open process %d", (int) pid) : pidfd;
}

static int enter_netns(pid_t pid, int pidfd, Error *reterr) {
        return setns(pidfd, CLONE_NEWNET) < 0
                       ? error_set(reterr, errno, "enter the network namespace of process %d", (int) pid)
                       : 0;
}

/* Whatever failed, the network of a process that ends is not to blame. */
static int look_for_end(pid_t pid, int pidfd, int r, Error *reterr) {
        if (r >= 0 || process_wait(pidfd, END_USEC) <= 0)
                return r;
        return error_raise(reterr, FC_EXIT_NOT_RUNNING, "process %d has ended", (int) pid);
}

static int netns_link_up(Netlink *netlink, const char *name, int index, Error *reterr) {
        int r = netlink_link_up(netlink, index);

        return r < 0 ? error_set(reterr, r, "set interface '%s' up", name) : 0;
}

static int loopback_up(Netlink *netlink, Error *reterr) {
        Link lo;
        int r;

        r = netlink_link_find(netlink, "lo", &lo);
        if (r >= 0 && lo.index == 0)
                r = -ENODEV;
        if (r < 0)
                return error_set(reterr, r, "look up interface 'lo'");
        return netns_link_up(netlink, "lo", lo.index, reterr);
}

/* Called in the container. What is returned of a port stays as it is, when the interface is there.
 * @ret_uplink: of the host's bridge */
static int make_interface(Netlink *netlink, const InterfaceSettings *settings, RouterPort *ret_port,
                          int *ret_uplink, Error *reterr) {
        _cleanup_close_ int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        Link link;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open the container's network namespace");
        r = netlink_link_find(netlink, settings->name, &link);
        if (r < 0)
                return error_set(reterr, r, "look up interface '%s'", settings->name);
        if (link.index > 0)
                return 0;
        return settings->uplink ? uplink_make(settings->uplink, netlink, settings->machine, settings->mac,
                                              settings->name, fd, ret_uplink, reterr)
                                : router_port_make(settings->router, settings->machine, settings->mac,
                                                   settings->name, fd, ret_port, reterr);
}

/* The kernel says so of an interface that one container is to have to itself, and another one is on. */
static bool is_interface_taken(int r, const InterfaceSettings *settings) {
        return settings->uplink && settings->uplink->alone && (r == -EINVAL || r == -EBUSY);
}

/* That may be the container's last boot, until the kernel has taken its namespace apart. No event tells of
 * that here. */
static int make_when_free(Netlink *netlink, int pidfd, const InterfaceSettings *settings,
                          RouterPort *ret_port, int *ret_uplink, Error *reterr) {
        uint64_t deadline = now_usec() + LEAVE_USEC, pause = LEAVE_PAUSE_USEC;

        for (;;) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int r = make_interface(netlink, settings, ret_port, ret_uplink, &error);

                if (r >= 0)
                        return r;
                if (!is_interface_taken(r, settings)) {
                        error_move(reterr, &error);
                        return r;
                }
                if (now_usec() >= deadline || process_wait(pidfd, pause) > 0)
                        return error_raise(reterr, FC_EXIT_CONFLICT,
                                           "the host's interface '%s' cannot be this container's alone: "
                                           "another one is on it, or it is a port of a bridge",
                                           settings->uplink->name);
                pause = pause < LEAVE_PAUSE_MAX_USEC ? 2 * pause : LEAVE_PAUSE_MAX_USEC;
        }
}

static int set_up_ipv6(Netlink *netlink, const InterfaceSettings *settings, int index, Error *reterr) {
        int r;

        if (!settings->router || !settings->ipv6)
                return 0;
        r = router6_set_up_port(netlink, settings->router, index, &settings->network6,
                                (uint8_t) settings->address);
        return r < 0 ? error_set(reterr, r, "give interface '%s' its IPv6 address", settings->name) : 0;
}

static int set_up_gateway(Netlink *netlink, const InterfaceSettings *settings, int index, Error *reterr) {
        struct in_addr gateway = {htonl(settings->gateway)};
        int r = settings->gateway == 0
                        ? 0
                        : netlink_route_set(netlink,
                                            &(Route){.family = AF_INET, .index = index, .via = &gateway});

        return r < 0 ? error_set(reterr, r, "lead interface '%s' to its gateway", settings->name) : 0;
}

/* Where the host has switched IPv6 off the container has none. */
static int set_up_uplink6(Netlink *netlink, const InterfaceSettings *settings, int index, Error *reterr) {
        int r = IN6_IS_ADDR_UNSPECIFIED(&settings->address6)
                        ? 0
                        : netlink_address6_add(netlink, index, &settings->address6, settings->prefix6);

        if (r < 0)
                return netlink_is_without_ipv6(r)
                               ? 0
                               : error_set(reterr, r, "give interface '%s' its IPv6 address",
                                           settings->name);
        if (!IN6_IS_ADDR_UNSPECIFIED(&settings->gateway6))
                r = netlink_route_set(
                        netlink, &(Route){.family = AF_INET6, .index = index, .via = &settings->gateway6});
        return r < 0 ? error_set(reterr, r, "lead interface '%s' to its IPv6 gateway", settings->name) : 0;
}

static bool is_mac_taken(int r, const InterfaceSettings *settings) {
        return settings->uplink && (r == -EADDRINUSE || r == -EBUSY);
}

/* A macvlan is not raised while another one on its wire has its MAC address, such as that of the container's
 * last boot, until the kernel has taken its namespace apart. No event tells of that here. */
static int raise_interface(Netlink *netlink, int pidfd, const InterfaceSettings *settings, int index,
                           Error *reterr) {
        uint64_t deadline = now_usec() + LEAVE_USEC, pause = LEAVE_PAUSE_USEC;
        int r = netlink_link_up(netlink, index);

        while (is_mac_taken(r, settings) && now_usec() < deadline && process_wait(pidfd, pause) <= 0) {
                r = netlink_link_up(netlink, index);
                pause = pause < LEAVE_PAUSE_MAX_USEC ? 2 * pause : LEAVE_PAUSE_MAX_USEC;
        }
        if (is_mac_taken(r, settings))
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "another interface on the host's '%s' has the MAC address of '%s'",
                                   settings->uplink->name, settings->name);
        return r < 0 ? error_set(reterr, r, "set interface '%s' up", settings->name) : 0;
}

/* Without an address the system inside asks for one. */
static int set_up_address(Netlink *netlink, int pidfd, const InterfaceSettings *settings, int index,
                          Error *reterr) {
        _cleanup_free_ char *address = address_to_string(settings->address);
        int r;

        if (settings->address == 0)
                return raise_interface(netlink, pidfd, settings, index, reterr);
        r = netlink_address_set(netlink, index, settings->address, settings->prefix);
        if (r < 0)
                return error_set(reterr, r, "give %s/%u to interface '%s'", address, settings->prefix,
                                 settings->name);
        r = raise_interface(netlink, pidfd, settings, index, reterr);
        if (r >= 0)
                r = set_up_ipv6(netlink, settings, index, reterr);
        if (r >= 0)
                r = set_up_gateway(netlink, settings, index, reterr);
        return r < 0 ? r : set_up_uplink6(netlink, settings, index, reterr);
}

static int set_up_interface(Netlink *netlink, int pidfd, const InterfaceSettings *settings,
                            uint64_t wait_usec, Error *reterr) {
        _cleanup_(router_port_done) RouterPort port = ROUTER_PORT_NULL;
        int index, uplink = 0, r = 0;

        if (settings->router || settings->uplink)
                r = make_when_free(netlink, pidfd, settings, &port, &uplink, reterr);
        if (r < 0)
                return r;
        r = interface_wait(netlink, pidfd, settings->name, wait_usec, &index, reterr);
        if (r >= 0)
                r = set_up_address(netlink, pidfd, settings, index, reterr);
        if (r >= 0 && port.router)
                r = router_port_up(&port, reterr);
        return r < 0 || uplink == 0 ? r : uplink_port_up(settings->uplink, uplink, reterr);
}

static int set_up_network(pid_t pid, int pidfd, const InterfaceSettings *settings, size_t n_settings,
                          uint64_t wait_usec, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        int index, r;

        r = enter_netns(pid, pidfd, reterr);
        if (r >= 0)
                r = netlink_open(&netlink, reterr);
        if (r >= 0)
                r = loopback_up(netlink, reterr);
        for (size_t i = 0; r >= 0 && i < n_settings; i++)
                r = set_up_interface(netlink, pidfd, &settings[i], wait_usec, reterr);
        if (r < 0 || !settings[0].internet)
                return r;
        r = interface_wait(netlink, pidfd, INTERNET_INTERFACE, INTERNET_WAIT_USEC, &index, reterr);
        return r < 0 ? r : internet_set_up_inside(netlink, index, settings[0].address, reterr);
}

static int set_up_loopback(pid_t pid, int pidfd, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        int r;

        r = enter_netns(pid, pidfd, reterr);
        if (r >= 0)
                r = netlink_open(&netlink, reterr);
        return r < 0 ? r : loopback_up(netlink, reterr);
}

static int let_go_inside(pid_t pid, int pidfd, const char *interface, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        Link link = {};
        int r;

        r = enter_netns(pid, pidfd, reterr);
        if (r >= 0)
                r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        r = netlink_link_find(netlink, interface, &link);
        if (r >= 0 && link.index > 0 && streq(link.kind, "macvlan"))
                r = netlink_link_delete(netlink, link.index);
        return r < 0 && r != -ENODEV ? error_set(reterr, r, "remove interface '%s'", interface) : 0;
}

static int listen_inside(pid_t pid, int pidfd, char *const *ports, int socket_fd, Error *reterr) {
        int r = enter_netns(pid, pidfd, reterr);

        return r < 0 ? r : listen_for_host(ports, socket_fd, reterr);
}

int netns_setup(pid_t pid, const InterfaceSettings *settings, size_t n_settings, uint64_t wait_usec,
                Error *reterr) {
        _cleanup_close_ int pidfd = open_process(pid, reterr);

        return pidfd < 0 ? pidfd
                         : look_for_end(pid, pidfd,
                                        set_up_network(pid, pidfd, settings, n_settings, wait_usec, reterr),
                                        reterr);
}

int netns_loopback(pid_t pid, Error *reterr) {
        _cleanup_close_ int pidfd = open_process(pid, reterr);

        return pidfd < 0 ? pidfd : look_for_end(pid, pidfd, set_up_loopback(pid, pidfd, reterr), reterr);
}

int netns_let_go(pid_t pid, const char *interface, Error *reterr) {
        _cleanup_close_ int pidfd = open_process(pid, reterr);

        return pidfd < 0 ? pidfd
                         : look_for_end(pid, pidfd, let_go_inside(pid, pidfd, interface, reterr), reterr);
}

int netns_listen(pid_t pid, char *const *ports, int socket_fd, Error *reterr) {
        _cleanup_close_ int pidfd = open_process(pid, reterr);

        return pidfd < 0 ? pidfd
                         : look_for_end(pid, pidfd, listen_inside(pid, pidfd, ports, socket_fd, reterr),
                                        reterr);
}
