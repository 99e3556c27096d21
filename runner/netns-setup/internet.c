/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/host-socket.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/userns.h"
#include "net/rtnl.h"
#include "netns-setup/interface.h"
#include "netns-setup/internet.h"
#include "netns-setup/pasta.h"

/* In the gateway, beside PASTA_TAP. */
#define LINK "container0"

/* pasta's, and so that of the link, or else every packet of the tap would be too big for it. */
#define MTU 65520

/* The gateway's, for the container. Beside it are INTERNET_DNS and pasta's name for the host's loopback, to
 * which no route leads. */
#define GATEWAY   "169.254.1.1"
#define RESERVED  "169.254.0.0"
#define GATEWAY6  "fd66:632d:6f75:74::1"
#define RESERVED6 "fd66:632d:6f75::"
#define PREFIX6   64

/* A neighbour that pasta answers for, whatever it is. */
#define BEYOND  "169.254.1.4"
#define BEYOND6 "fe80::1"

static struct in_addr in4(const char *text) {
        struct in_addr in = {};

        (void) inet_pton(AF_INET, text, &in);
        return in;
}

static struct in6_addr in6(const char *text) {
        struct in6_addr in = {};

        (void) inet_pton(AF_INET6, text, &in);
        return in;
}

static int internet_set_up_inside6(Netlink *netlink, int index) {
        const struct in6_addr inside = in6(PASTA_INSIDE6), gateway = in6(GATEWAY6);
        int r = netlink_address6_add(netlink, index, &inside, PREFIX6);

        if (r < 0)
                return netlink_is_without_ipv6(r) ? 0 : r;
        return netlink_route_set(netlink, &(Route){.family = AF_INET6, .index = index, .via = &gateway});
}

int internet_set_up_inside(Netlink *netlink, int index, uint32_t address, Error *reterr) {
        const struct in_addr gateway = in4(GATEWAY), own = {htonl(address)};
        int r;

        r = netlink_link_up(netlink, index);
        if (r >= 0)
                r = netlink_route_set(
                        netlink,
                        &(Route){.family = AF_INET, .index = index, .via = &gateway, .source = &own});
        if (r >= 0)
                r = internet_set_up_inside6(netlink, index);
        return r < 0 ? error_set(reterr, r, "set interface '" INTERNET_INTERFACE "'") : 0;
}

/* ---- the gateway's namespace ---- */

/* Makes a namespace that belongs to pasta's user, who may therefore enter it. The right to make one is kept,
 * since not every host lets its users. */
static int make_gateway(const char *machine) {
        uid_t uid;
        gid_t gid;
        int r;

        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return -errno;
        r = privilege_become_own_user(machine);
        if (r >= 0)
                r = privilege_keep(PRIVILEGE(SYS_ADMIN));
        if (r < 0)
                return r;
        uid = geteuid();
        gid = getegid();
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                return -errno;
        /* Otherwise its files in /proc are root's. */
        if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
                return -errno;
        return userns_map_own(uid, gid);
}

/* A process that holds the namespace until pasta has it. It ends when @until is closed at the other end. */
static void hold_gateway(const char *machine, int ready, int until) {
        const int keep[] = {ready, until};
        int r;

        /* pasta's user may look into it: it has no broker. */
        detach_close_all_but(keep, ELEMENTSOF(keep));
        r = make_gateway(machine);
        if (write(ready, &r, sizeof(r)) == sizeof(r) && r >= 0)
                (void) !read(until, &(char){0}, 1);
        _exit(EXIT_SUCCESS);
}

typedef struct Holder {
        pid_t pid;
        int pidfd;
        int until; /* closed: it may end */
} Holder;

#define HOLDER_NULL ((Holder){.pidfd = -EBADF, .until = -EBADF})

static void holder_done(Holder *h) {
        h->until = safe_close(h->until);
        h->pidfd = safe_close(h->pidfd);
        if (h->pid > 0)
                (void) process_reap(h->pid);
}

static int holder_start(const char *machine, Holder *ret, Error *reterr) {
        _cleanup_(holder_done) Holder h = HOLDER_NULL;
        _cleanup_close_ int ready = -EBADF;
        int said[2], until[2], r = -ECHILD;

        if (pipe2(said, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        ready = said[0];
        if (pipe2(until, O_CLOEXEC) < 0) {
                r = error_set(reterr, errno, "make a pipe");
                (void) safe_close(said[1]);
                return r;
        }
        h.until = until[1];
        h.pid = fork();
        if (h.pid == 0) {
                (void) safe_close(until[1]);
                hold_gateway(machine, said[1], until[0]);
        }
        (void) safe_close(said[1]);
        (void) safe_close(until[0]);
        if (h.pid < 0)
                return error_set(reterr, errno, "start a process");
        if (read(ready, &r, sizeof(r)) != sizeof(r) || r < 0)
                return error_set(reterr, r, "make the gateway's namespace");
        h.pidfd = process_open(h.pid);
        if (h.pidfd < 0)
                return error_set(reterr, h.pidfd, "open process %d", (int) h.pid);
        *ret = h;
        h = HOLDER_NULL;
        return 0;
}

/* ---- the gateway's network ---- */

static int gateway_set_conf(Error *reterr) {
        /* A guest sends from its own address only: pasta answers to the last that it saw. */
        static const RtnlForwarding links[] = {{LINK, .check_source = true},
                                               {PASTA_TAP, .check_source = false}};
        static const RtnlConf confs[] = {
                {"ipv6", "all", "forwarding", "1"},
                /* No other host could have these addresses. */
                {"ipv6", LINK, "accept_dad", "0"},
                {"ipv6", PASTA_TAP, "accept_dad", "0"},
        };
        int r = rtnl_set_forwarding(links, ELEMENTSOF(links), reterr);

        return r < 0 ? r : rtnl_set_confs(confs, ELEMENTSOF(confs), reterr);
}

static int gateway_set_routes(Netlink *netlink, int link, int tap, uint32_t address) {
        const struct in_addr inside = {htonl(address)}, beyond = in4(BEYOND), dns = in4(INTERNET_DNS),
                             reserved = in4(RESERVED), loopback = {htonl(INADDR_LOOPBACK & IN_CLASSA_NET)};
        const Route routes[] = {
                {.family = AF_INET, .to = &inside, .prefix = 32, .index = link},
                {.family = AF_INET, .to = &reserved, .prefix = 16},
                {.family = AF_INET, .to = &loopback, .prefix = 8},
                {.family = AF_INET, .to = &dns, .prefix = 32, .index = tap, .via = &beyond},
                {.family = AF_INET, .index = tap, .via = &beyond},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(routes); i++)
                r = netlink_route_set(netlink, &routes[i]);
        return r;
}

/* IPv6 has no rp_filter. Kernels without rules have no IPv6 beyond the gateway. */
static int gateway_set_rules6(Netlink *netlink) {
        const struct in6_addr inside = in6(PASTA_INSIDE6);
        int r = netlink_rule_strand(netlink, AF_INET6, LINK);

        return r < 0 ? r : netlink_rule_pass6(netlink, LINK, &inside, 128);
}

/* IPv4's addresses in IPv6's: to a socket they would be the host's loopback, or its zero. */
static int gateway_set_routes6(Netlink *netlink, int link, int tap) {
        const struct in6_addr gateway = in6(GATEWAY6), beyond = in6(BEYOND6), reserved = in6(RESERVED6),
                              mapped = in6("::ffff:0:0"), zero = in6("::");
        const Route routes[] = {
                {.family = AF_INET6, .to = &reserved, .prefix = 48},
                {.family = AF_INET6, .to = &mapped, .prefix = 96},
                {.family = AF_INET6, .to = &zero, .prefix = 96},
                {.family = AF_INET6, .index = tap, .via = &beyond},
        };
        int r = netlink_address6_add(netlink, link, &gateway, PREFIX6);

        if (r >= 0)
                r = gateway_set_rules6(netlink);
        if (r < 0)
                return netlink_is_without_ipv6(r) ? 0 : r;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(routes); i++)
                r = netlink_route_set(netlink, &routes[i]);
        return r;
}

/* @inside: the container's end, which is yet to be moved there. */
static int gateway_set_links(Netlink *netlink, int gateway_fd, int tap, int *ret_link, int *ret_inside) {
        Link link, inside;
        int r = netlink_veth_create(netlink, LINK, INTERNET_INTERFACE, NULL, gateway_fd);

        if (r >= 0)
                r = netlink_link_find(netlink, LINK, &link);
        if (r >= 0)
                r = netlink_link_find(netlink, INTERNET_INTERFACE, &inside);
        if (r >= 0)
                r = netlink_link_set_mtu(netlink, tap, MTU);
        if (r >= 0)
                r = netlink_link_set_mtu(netlink, link.index, MTU);
        if (r >= 0)
                r = netlink_link_set_mtu(netlink, inside.index, MTU);
        if (r < 0)
                return r;
        *ret_link = link.index;
        *ret_inside = inside.index;
        return 0;
}

/* Called in the gateway, when pasta's device is there. */
static int gateway_set_up(Netlink *netlink, int tap, uint32_t address, int *ret_inside, Error *reterr) {
        _cleanup_close_ int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        int link = 0, r = fd < 0 ? -errno : 0;

        if (r >= 0)
                r = gateway_set_links(netlink, fd, tap, &link, ret_inside);
        if (r < 0)
                return error_set(reterr, r, "make the gateway's link");
        r = gateway_set_conf(reterr);
        if (r < 0)
                return r;
        r = netlink_link_up(netlink, tap);
        if (r >= 0)
                r = netlink_link_up(netlink, link);
        if (r >= 0)
                r = netlink_address_set(netlink, link, ntohl(in4(GATEWAY).s_addr), 32);
        if (r >= 0)
                r = gateway_set_routes(netlink, link, tap, address);
        if (r >= 0)
                r = gateway_set_routes6(netlink, link, tap);
        return r < 0 ? error_set(reterr, r, "set the gateway's network") : 0;
}

/* ---- the container's interface ---- */

/* Return: its network namespace, without the interface of a gateway that has gone a moment ago. */
static int open_container(pid_t leader, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_close_ int pidfd = process_open(leader), fd = -EBADF;
        int r;

        if (pidfd < 0)
                return error_set(reterr, pidfd, "open process %d", (int) leader);
        if (setns(pidfd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "enter the network namespace of process %d", (int) leader);
        fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open the container's network namespace");
        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        r = netlink_link_delete_named(netlink, INTERNET_INTERFACE);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "remove interface '" INTERNET_INTERFACE "'");
        return TAKE_FD(fd);
}

static int connect_container(const InternetSettings *s, int pasta_fd, const Holder *h, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_close_ int container_fd = open_container(s->leader, reterr);
        int tap, inside = 0, r;

        if (container_fd < 0)
                return container_fd;
        if (setns(h->pidfd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "enter the gateway");
        r = netlink_open(&netlink, reterr);
        if (r >= 0)
                r = interface_wait(netlink, pasta_fd, PASTA_TAP, INTERNET_WAIT_USEC, &tap, reterr);
        if (r >= 0)
                r = gateway_set_up(netlink, tap, s->address, &inside, reterr);
        if (r < 0)
                return r;
        r = netlink_link_move(netlink, inside, container_fd);
        return r < 0 ? error_set(reterr, r, "give the container its interface") : 0;
}

/* @pasta_fd: pidfd of the process that becomes pasta. @report_fd: where it is told of the namespace. */
static int make_way(const InternetSettings *s, int pasta_fd, int report_fd, Error *reterr) {
        _cleanup_(holder_done) Holder h = HOLDER_NULL;
        int r = holder_start(s->machine, &h, reterr);

        if (r < 0)
                return r;
        if (write(report_fd, &h.pid, sizeof(h.pid)) != sizeof(h.pid))
                return error_set(reterr, errno, "tell of the gateway");
        return connect_container(s, pasta_fd, &h, reterr);
}

static void make_way_and_exit(const InternetSettings *s, int pasta_fd, int report_fd) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        /* A pasta that has ended has said why. */
        if (make_way(s, pasta_fd, report_fd, &error) < 0 && process_wait(pasta_fd, 0) <= 0) {
                (void) fprintf(stderr, "flake-containers-netns: internet: %s\n", error.message);
                (void) process_signal(pasta_fd, SIGKILL);
                _exit(EXIT_FAILURE);
        }
        _exit(EXIT_SUCCESS);
}

/* Forks twice, so that pasta has no child that it did not start. Return: the process that holds the
 * gateway. */
static pid_t start_to_make_way(const InternetSettings *s, Error *reterr) {
        _cleanup_close_ int self = process_open(getpid()), report = -EBADF;
        int pair[2];
        pid_t pid, holder;

        if (self < 0)
                return error_set(reterr, self, "open this process");
        if (pipe2(pair, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        report = pair[0];
        pid = fork();
        if (pid == 0) {
                pid = fork();
                if (pid == 0)
                        make_way_and_exit(s, self, pair[1]);
                _exit(pid < 0);
        }
        (void) safe_close(pair[1]);
        if (pid < 0)
                return error_set(reterr, errno, "start a process");
        (void) process_reap(pid);
        if (read(report, &holder, sizeof(holder)) != sizeof(holder))
                return error_raise(reterr, FC_EXIT_FAILED, "there is no gateway for pasta");
        return holder;
}

/* ---- all of it ---- */

int internet_lead(const InternetSettings *s, Error *reterr) {
        const PastaSettings pasta = {s->address, s->machine, s->pasta};
        pid_t holder = start_to_make_way(s, reterr);

        if (holder < 0)
                return holder;
        return host_socket_is_brokered() ? pasta_exec_outside(&pasta, holder, reterr)
                                         : pasta_exec(&pasta, holder, reterr);
}
