/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>

#include "base/strv.h"
#include "net/netns.h"
#include "net/old-bridge.h"
#include "net/router-internal.h"
#include "net/router-port.h"
#include "net/router.h"
#include "net/router6.h"
#include "net/rtnl.h"
#include "netns-util.h"
#include "plan/address6.h"

/* All of this runs in a network namespace and a /run of its own: the host's networks are not touched. */
#define IN_OWN_NETNS(name)                                                                                  \
        static void in_##name(void);                                                                        \
        static void in_##name##_and_run(void);                                                              \
        TEST(name) {                                                                                        \
                if (!can_make_netns())                                                                      \
                        SKIP("needs root, to make network namespaces, and ip");                             \
                run_in_netns(in_##name##_and_run);                                                          \
        }                                                                                                   \
        static void in_##name##_and_run(void) {                                                             \
                own_run();                                                                                  \
                in_##name();                                                                                \
        }                                                                                                   \
        static void in_##name(void)

static const Subnet ours = {.network = 0x0a1d2800, .prefix = 24}; /* 10.29.40.0/24 */

static bool exists(const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        Link link;

        ASSERT_OK(netlink_open(&netlink, &error), &error);
        ASSERT_OK(netlink_link_find(netlink, name, &link));
        return link.index > 0;
}

static void ensure(const char *name, const Subnet *subnet) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(router_ensure(name, subnet, &error), &error);
}

/* All of it, at once. */
static bool release(const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        bool removed;

        ASSERT_OK(router_remove(name, &removed, &error), &error);
        return removed;
}

static bool mend(const char *name, const char *machine) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *machines[] = {(char *) machine, NULL};
        bool mended;

        ASSERT_OK(router_mend(name, &ours, machines, &mended, &error), &error);
        return mended;
}

/* In the namespace of fc-test; owned by the caller. */
static char *inside(const char *line) {
        return xasprintf("nsenter --net=" NETNS_DIR "/fc-test %s", line);
}

static void assert_inside(const char *line, const char *wanted) {
        _cleanup_free_ char *all = inside(line);

        assert_output(all, wanted);
}

static void run_inside(const char *line) {
        _cleanup_free_ char *all = inside(line);

        run(all);
}

/* The prefix of fc-test, "fdXX:XXXX:XXXX"; owned by the caller. */
static char *prefix6(void) {
        const struct in6_addr network = address6_of("fc-test", &ours.network6, 0);
        _cleanup_free_ char *text = address6_to_string(&network);

        return xstrndup(text, strlen(text) - strlen("::"));
}

static void assert_whole6(void) {
        _cleanup_free_ char *prefix = prefix6(), *address = xasprintf("inet6 %s:1::1/128", prefix),
                            *route = xasprintf("%s::/64 via fe80::fc", prefix),
                            *behind = xasprintf("%s::/64 dev bridge", prefix),
                            *host = xasprintf("%s:1::1 dev host", prefix);

        assert_output("ip -6 address show dev fc-test scope global -tentative", address);
        assert_output("ip -6 route show dev fc-test", route);
        assert_inside("ip -6 route", behind);
        assert_inside("ip -6 route", host);
        ASSERT_TRUE(router6_has("fc-test", &ours));
}

static void assert_whole(void) {
        if (router6_is_wanted())
                assert_whole6();
        assert_output("ip link show dev fc-test up", "fc-test");
        assert_output("ip -4 address show dev fc-test", "inet 10.29.40.1/24 brd 10.29.40.255 scope global");
        assert_inside("ip link show dev host up", "state UP");
        assert_inside("ip -o link show type bridge up", "bridge");
        assert_inside("ip route", "10.29.40.0/24 dev bridge");
        assert_inside("ip route", "10.29.40.1 dev host");
}

IN_OWN_NETNS(ensure_makes_a_network) {
        ensure("fc-test", &ours);
        assert_whole();
        assert_no_output("ip -o link show type bridge");
        assert_inside("ip -d link show dev bridge", " bridge forward_delay 0 ");
        assert_inside("ip -d link show dev bridge", " stp_state 0 ");
        assert_no_output("nsenter --net=" NETNS_DIR "/fc-test ip -o address show scope global");
}

IN_OWN_NETNS(ensure_with_given_ipv6) {
        Subnet given = ours;

        if (!router6_is_wanted())
                return;
        given.network6 = (struct in6_addr){.s6_addr = {0xfd, [7] = 7}};
        ensure("fc-test", &given);
        assert_output("ip -6 route show dev fc-test", "fd00:0:0:7::/64 via fe80::fc");
        assert_inside("ip -6 route", "fd00:0:0:7::/64 dev bridge");
        assert_inside("ip -6 rule", "from fd00:0:0:7::/64 iif bridge");
        ASSERT_TRUE(router6_has("fc-test", &given));
        ASSERT_TRUE(!router6_has("fc-test", &ours));

        /* Another program's stays, as at a guest's reboot, which does not ask first. */
        ensure("fc-test", &given);
        run("ip link add other type bridge");
        run("ip link set other up");
        run("ip -6 route replace fd00:0:0:7::/64 dev other metric 1024");
        ensure("fc-test", &given);
        assert_output("ip -6 route show fd00:0:0:7::/64", "dev other");
        ASSERT_TRUE(!router6_has("fc-test", &given));
        run("ip -6 route delete fd00:0:0:7::/64");
        ensure("fc-test", &given);
        ASSERT_TRUE(router6_has("fc-test", &given));
}

/* A project's networks have its name and a letter more. */
IN_OWN_NETNS(siblings) {
        static const Subnet theirs[] = {{0x0a1d2900, 24}, {0x0a1d2a00, 24}};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL;

        ensure("fc-0123456789a", &ours);
        ensure("fc-0123456789af", &theirs[0]);
        ensure("fc-0123456789bf", &theirs[1]);
        ASSERT_OK(router_list_siblings("fc-0123456789af", &names, &error), &error);
        ASSERT_EQ(strv_length(names), 2u);
        ASSERT_TRUE(strv_contains(names, "fc-0123456789a") && strv_contains(names, "fc-0123456789af"));
        ASSERT_TRUE(!router_is_sibling("fc-0123456789a", "fc-0123456789bf"));
        assert_output("nsenter --net=" NETNS_DIR "/fc-0123456789af ip route", "10.29.41.0/24 dev bridge");
        ASSERT_TRUE(release("fc-0123456789a") && release("fc-0123456789af") && release("fc-0123456789bf"));
}

/* No router advertisement is listened to, and no other address is made, by neither side. */
IN_OWN_NETNS(only_given_addresses) {
        if (!router6_is_wanted())
                return;
        run("sysctl -qw net.ipv6.conf.default.accept_ra=2 net.ipv6.conf.default.forwarding=1");
        ensure("fc-test", &ours);
        assert_output("cat /proc/sys/net/ipv6/conf/fc-test/accept_ra", "0");
        assert_output("cat /proc/sys/net/ipv6/conf/fc-test/forwarding", "0");
        assert_inside("ip -6 -o address show dev bridge", "inet6 fe80::fc/64 scope link");
        assert_inside("cat /proc/sys/net/ipv6/conf/bridge/addr_gen_mode", "1");
        assert_inside("cat /proc/sys/net/ipv6/conf/host/addr_gen_mode", "1");
        assert_inside("cat /proc/sys/net/ipv6/conf/host/accept_ra", "0");
}

IN_OWN_NETNS(host_without_ipv6) {
        if (!router6_is_wanted())
                return;
        run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
        ASSERT_TRUE(!router6_is_wanted());
        ensure("fc-test", &ours);
        assert_whole();
        assert_output("cat /proc/sys/net/ipv6/conf/fc-test/disable_ipv6", "1");
        assert_no_output("nsenter --net=" NETNS_DIR "/fc-test ip -6 address show dev bridge");
        ASSERT_TRUE(!mend("fc-test", "shop-db"));
        assert_no_output("ip -6 address show dev fc-test");
        assert_no_output("ip -6 route show dev fc-test");
}

/* Fails for the reason. */
static void assert_refused(const char *line, const char *reason) {
        _cleanup_strv_ char **argv = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *output = NULL;

        strv_push(&argv, "/bin/sh");
        strv_push(&argv, "-c");
        strv_pushf(&argv, "nsenter --net=" NETNS_DIR "/fc-test %s", line);
        ASSERT_TRUE(process_run(argv, &output, &error) > 0);
        if (!strstr(output, reason))
                test_fail(__FILE__, __LINE__, "'%s' gave: %s", line, output);
        free(output);
}

/* What comes from a container goes to the host's address there and no further, whatever the host does. */
IN_OWN_NETNS(no_way_on) {
        run("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=2 "
            "net.ipv4.conf.default.rp_filter=2");
        run("sysctl -qw net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.default.accept_local=1");
        ensure("fc-test", &ours);
        assert_inside("ip route get 10.29.40.1 from 10.29.40.7 iif bridge", "dev host");
        assert_inside("ip route get 10.29.40.7 from 10.29.40.1 iif host", "dev bridge");
        assert_refused("ip route get 192.0.2.1 from 10.29.40.7 iif bridge", "unreachable");
        assert_refused("ip route get 127.0.0.1 from 10.29.40.7 iif bridge", "Invalid");
        /* From other addresses: what a machine beside the host sends, and a container that says it is
         * another. */
        assert_refused("ip route get 10.29.40.7 from 192.0.2.9 iif host", "Invalid");
        assert_refused("ip route get 10.29.40.1 from 192.0.2.9 iif bridge", "Invalid");
        assert_refused("ip route get 10.29.40.1 from 10.29.40.1 iif bridge", "Invalid");
}

/* The fields are in the prefix of fc-test, or whole addresses. */
typedef struct Way6 {
        const char *from, *to, *by;
        const char *out; /* NULL: it is unreachable */
} Way6;

IN_OWN_NETNS(no_way_on_by_ipv6) {
        static const Way6 ways[] = {
                {"::7", ":1::1", "bridge", "dev host"},
                {":1::1", "::7", "host", "dev bridge"},
                {"::7", "2001:db8::1", "bridge", NULL},
                /* One that says it is the host, or another machine; and what a machine beside the host
                 * sends. */
                {":1::1", "::7", "bridge", NULL},
                {"2001:db8::1", ":1::1", "bridge", NULL},
                {"2001:db8::1", "::7", "host", NULL},
        };
        _cleanup_free_ char *prefix = prefix6();

        if (!router6_is_wanted())
                return;
        run("sysctl -qw net.ipv6.conf.all.forwarding=1");
        ensure("fc-test", &ours);
        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                const Way6 *w = &ways[i];
                _cleanup_free_ char *line =
                        xasprintf("ip -6 route get %s%s from %s%s iif %s", w->to[0] == ':' ? prefix : "",
                                  w->to, w->from[0] == ':' ? prefix : "", w->from, w->by);

                test_set_row("%s", line);
                if (w->out)
                        assert_inside(line, w->out);
                else
                        assert_refused(line, "unreachable");
        }
}

IN_OWN_NETNS(ensure_twice) {
        _cleanup_free_ char *before = NULL, *after = NULL;

        ensure("fc-test", &ours);
        before = command("ip -o -d address show dev fc-test");
        ensure("fc-test", &ours);
        after = command("ip -o -d address show dev fc-test");
        ASSERT_STREQ(after, before);
}

/* A process may have been killed after any step. */
IN_OWN_NETNS(ensure_completes) {
        _cleanup_close_ int fd = -EBADF;

        ASSERT_OK(mkdir(NETNS_DIR, 0700));
        fd = open(NETNS_DIR "/fc-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ASSERT_OK(fd);
        ensure("fc-test", &ours);
        assert_whole();
        run("ip link set fc-test down");
        ensure("fc-test", &ours);
        assert_whole();
        run("ip link delete fc-test");
        ensure("fc-test", &ours);
        assert_whole();
        run_inside("ip link delete bridge");
        ensure("fc-test", &ours);
        assert_whole();
        /* It leads into a namespace that is not the one with the name. */
        ASSERT_OK(umount2(NETNS_DIR "/fc-test", MNT_DETACH));
        ensure("fc-test", &ours);
        assert_whole();
}

IN_OWN_NETNS(ensure_changes_the_subnet) {
        static const Subnet other = {.network = 0x0a070700, .prefix = 24};

        ensure("fc-test", &ours);
        run("ip address add 10.29.40.9/24 dev fc-test");
        ensure("fc-test", &other);
        assert_output("ip -4 address show dev fc-test", "inet 10.7.7.1/24");
        assert_no_output("ip -4 address show dev fc-test to 10.29.40.0/24");
        assert_no_output("ip route show 10.29.40.0/24");
        assert_inside("ip route", "10.7.7.1 dev host");
        assert_no_output("nsenter --net=" NETNS_DIR "/fc-test ip route show 10.29.40.1");
}

/* The kernel takes the host's interface along, and a new network does not wait for that. */
IN_OWN_NETNS(release_and_ensure) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        bool removed;

        for (unsigned i = 0; i < 5; i++) {
                ensure("fc-test", &ours);
                ASSERT_OK(router_release("fc-test", &removed, &error), &error);
                ASSERT_TRUE(removed);
        }
        ASSERT_OK(router_release("fc-test", &removed, &error), &error);
        ASSERT_TRUE(!removed);
        ensure("fc-test", &ours);
        assert_whole();
}

/* @where: of a command that shows it there. */
static char *mac_of(const char *where, const char *name) {
        _cleanup_free_ char *output = command("%s ip -o link show dev %s", where, name);
        const char *mac = strstr(output, "link/ether ");

        ASSERT_TRUE(mac);
        return xstrndup(mac + strlen("link/ether "), 17);
}

IN_OWN_NETNS(mac_is_stable) {
        _cleanup_free_ char *first = NULL, *again = NULL, *other = NULL;
        unsigned byte;

        ensure("fc-test", &ours);
        first = mac_of("env", "fc-test");
        ASSERT_EQ(sscanf(first, "%x:", &byte), 1);
        ASSERT_EQ(byte & 3, 2u); /* locally administered, unicast */
        ASSERT_TRUE(release("fc-test"));
        ensure("fc-test", &ours);
        again = mac_of("env", "fc-test");
        ASSERT_STREQ(again, first);

        ensure("fc-tesu", &(Subnet){.network = 0x0a070700, .prefix = 24});
        other = mac_of("env", "fc-tesu");
        ASSERT_TRUE(!streq(other, first));
}

IN_OWN_NETNS(ensure_refuses_other_interfaces) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        run("ip link add fc-test type veth peer name fc-peer");
        ASSERT_ERROR(router_ensure("fc-test", &ours, &error), &error, FC_EXIT_CONFLICT,
                     "interface 'fc-test' exists and is not a project's, but a 'veth'");
        ASSERT_ERROR(router_check_name("fc-test", &error), &error, FC_EXIT_CONFLICT, "is not a project's");
        ASSERT_ERROR(router_ensure("lo", &ours, &error), &error, FC_EXIT_CONFLICT,
                     "interface 'lo' exists and is not a project's, but a 'hardware'");
        ASSERT_TRUE(!release("fc-test"));
        ASSERT_TRUE(exists("fc-test"));
        assert_no_output("ip -4 address show dev fc-test");
        ASSERT_TRUE(access(NETNS_DIR, F_OK) < 0);
}

IN_OWN_NETNS(ensure_refuses_long_names) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_ERROR(router_ensure("fc-0123456789abc", &ours, &error), &error, FC_EXIT_INTERNAL,
                     "'fc-0123456789abc'");
}

IN_OWN_NETNS(needs_privileges) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Subnet *routes;
        size_t n;

        ensure("fc-there", &ours);
        become_unprivileged();
        ASSERT_ERROR(router_ensure("fc-test", &ours, &error), &error, FC_EXIT_HOST, NETNS_DIR);
        ASSERT_ERROR(router_release("fc-there", NULL, &error), &error, FC_EXIT_HOST, NETNS_DIR);

        /* Reading the routes needs none: `up --dry-run`. */
        ASSERT_OK(routes_read(NULL, &routes, &n, &error), &error);
        free(routes);
}

/* A supervisor's mounts are not the host's, and what it unmounts is mounted there still. */
IN_OWN_NETNS(release_from_other_mounts) {
        pid_t pid;

        ensure("fc-test", &ours);
        pid = fork();
        if (pid == 0) {
                ASSERT_OK(unshare(CLONE_NEWNS));
                ASSERT_TRUE(release("fc-test"));
                exit(0);
        }
        ASSERT_EQ(wait_status(pid), 0);
        ASSERT_TRUE(!exists("fc-test"));
        assert_no_output("sed -n /netns.fc-test/p /proc/self/mountinfo");
        ASSERT_TRUE(access(NETNS_DIR, F_OK) < 0);
}

/* Many processes at once: every one of them must find the network complete when its call returns. */
IN_OWN_NETNS(ensure_at_once) {
        for (unsigned round = 0; round < 10; round++) {
                pid_t pids[8];
                int gate[2];
                char c;

                ASSERT_OK(pipe2(gate, O_CLOEXEC));
                for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                        pids[i] = fork();
                        if (pids[i] != 0)
                                continue;
                        (void) close(gate[1]);
                        ASSERT_EQ(read(gate[0], &c, 1), 0);
                        ensure("fc-test", &ours);
                        assert_whole();
                        exit(0);
                }
                (void) close(gate[0]);
                (void) close(gate[1]); /* all of them start */
                for (size_t i = 0; i < ELEMENTSOF(pids); i++)
                        ASSERT_EQ(wait_status(pids[i]), 0);
                ASSERT_TRUE(release("fc-test"));
                ASSERT_TRUE(!exists("fc-test"));
                assert_no_output("sed -n /netns.fc-test/p /proc/self/mountinfo");
        }
}

/* A VPN comes up that routes the remembered subnet: seen, and another one is chosen when it may be. */
IN_OWN_NETNS(overlap_with_a_new_route) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ Subnet *before = NULL, *after = NULL;
        size_t n_before, n_after;
        Subnet chosen, now;

        loopback_up();
        ASSERT_OK(routes_read("fc-test", &before, &n_before, &error), &error);
        ASSERT_OK(subnet_choose("shop-3f2a", before, n_before, &chosen, &error), &error);
        ensure("fc-test", &chosen);

        free(command("ip route add %u.%u.0.0/16 dev lo", chosen.network >> 24, chosen.network >> 16 & 0xff));
        ASSERT_OK(routes_read("fc-test", &after, &n_after, &error), &error);
        ASSERT_TRUE(subnet_find_overlap(&chosen, after, n_after));
        ASSERT_OK(subnet_choose("shop-3f2a", after, n_after, &now, &error), &error);
        ASSERT_TRUE(now.network != chosen.network);
        ASSERT_TRUE(!subnet_find_overlap(&now, after, n_after));
}

IN_OWN_NETNS(only_ours_are_listed) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL;
        bool used = true;

        ensure("fc-test", &ours);
        run("ip link add fc-0123456789b type bridge");
        run("ip link add other type veth peer name peer");
        ASSERT_OK(router_list(&names, &error), &error);
        ASSERT_EQ(strv_length(names), 1u);
        ASSERT_STREQ(names[0], "fc-test");
        ASSERT_OK(router_is_used("fc-test", &used, &error), &error);
        ASSERT_TRUE(!used);
        run_inside("ip link add other type veth peer name peer");
        run_inside("ip link set other master bridge");
        ASSERT_OK(router_is_used("fc-test", &used, &error), &error);
        ASSERT_TRUE(used);
        ASSERT_OK(router_is_used("fc-missing", &used, &error), &error);
        ASSERT_TRUE(!used);

        /* And one whose interface another program has removed. One without a namespace is ending. */
        names = strv_free(names);
        run("ip link delete fc-test");
        ASSERT_OK(router_list(&names, &error), &error);
        ASSERT_EQ(strv_length(names), 1u);
        ensure("fc-test", &ours);
        ASSERT_OK(umount2(NETNS_DIR "/fc-test", MNT_DETACH));
        ASSERT_OK(unlink(NETNS_DIR "/fc-test"));
        names = strv_free(names);
        ASSERT_OK(router_list(&names, &error), &error);
        ASSERT_EQ(strv_length(names), 0u);
}

/* ---- containers ---- */

static int open_netns_of(pid_t pid) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/ns/net", (int) pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        ASSERT_OK(fd);
        return fd;
}

/* A container with the address 10.29.40.7. */
static void attach(pid_t pid) {
        _cleanup_(router_port_done) RouterPort port = ROUTER_PORT_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = open_netns_of(pid);

        ASSERT_OK(router_port_make("fc-test", "shop-db", NULL, "host0", fd, &port, &error), &error);
        free(command("nsenter -t %d -n ip address add 10.29.40.7/24 dev host0", (int) pid));
        free(command("nsenter -t %d -n ip link set host0 up", (int) pid));
        ASSERT_OK(router_port_up(&port, &error), &error);
}

/* A refused connection: the answer came from the container's side. */
static void assert_reached(void) {
        struct sockaddr_in in = {
                .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a1d2807)};
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ASSERT_TRUE(connect(fd, (struct sockaddr *) &in, sizeof(in)) < 0);
        ASSERT_EQ(errno, ECONNREFUSED);
}

static char *container_mac(pid_t pid) {
        _cleanup_free_ char *where = xasprintf("nsenter -t %d -n", (int) pid);

        return mac_of(where, "host0");
}

IN_OWN_NETNS(a_port) {
        pid_t pid = holder_new(CLONE_NEWNET | CLONE_NEWUSER), again;
        _cleanup_free_ char *mac = NULL, *mac_again = NULL;

        ensure("fc-test", &ours);
        attach(pid);
        assert_reached();
        mac = container_mac(pid);

        /* It boots again, and what was its port has not gone yet. */
        again = holder_new(CLONE_NEWNET | CLONE_NEWUSER);
        attach(again);
        assert_reached();
        mac_again = container_mac(again);
        ASSERT_STREQ(mac_again, mac);
        holder_end(pid);
        holder_end(again);
}

IN_OWN_NETNS(a_port_of_nothing) {
        _cleanup_(router_port_done) RouterPort port = ROUTER_PORT_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        pid_t pid = holder_new(CLONE_NEWNET);
        _cleanup_close_ int fd = open_netns_of(pid);

        ASSERT_ERROR(router_port_make("fc-test", "shop-db", NULL, "host0", fd, &port, &error), &error,
                     FC_EXIT_FAILED, "the network 'fc-test' is gone");
        ensure("fc-test", &ours);
        run_inside("ip link delete bridge");
        ASSERT_ERROR(router_port_make("fc-test", "shop-db", NULL, "host0", fd, &port, &error), &error,
                     FC_EXIT_INTERNAL, "attach interface 'host0' to the network 'fc-test'");
        holder_end(pid);
}

IN_OWN_NETNS(mends) {
        static const struct {
                const char *line;
                bool ipv6; /* there is nothing to change on a host without it */
        } changes[] = {
                {"ip address flush dev fc-test", false},
                {"ip -6 address flush dev fc-test", true},
                {"ip -6 route flush dev fc-test", true},
                {"sysctl -qw net.ipv6.conf.fc-test.disable_ipv6=1", true},
                {"ip link set fc-test down", false},
                {"ip link delete fc-test", false},
                {"nsenter --net=" NETNS_DIR "/fc-test ip link set host down", false},
                {"nsenter --net=" NETNS_DIR "/fc-test ip link delete host", false},
                {"nsenter --net=" NETNS_DIR "/fc-test ip link set bridge down", false},
                {"nsenter --net=" NETNS_DIR "/fc-test ip link delete bridge", false},
        };
        pid_t pid = holder_new(CLONE_NEWNET);

        /* One that an older release has started has no such network. */
        ASSERT_TRUE(!mend("fc-test", "shop-db"));
        ensure("fc-test", &ours);
        attach(pid);
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                if (changes[i].ipv6 && !router6_is_wanted())
                        continue;
                test_set_row("%s", changes[i].line);
                ASSERT_TRUE(!mend("fc-test", "shop-db"));
                run(changes[i].line);
                ASSERT_TRUE(mend("fc-test", "shop-db"));
                assert_whole();
                assert_reached();
        }
        /* One without a port is ending. */
        ASSERT_TRUE(!mend("fc-test", "shop-web"));
        holder_end(pid);
}

/* ---- what older releases have made ---- */

static void add_old_bridge(void) {
        uint8_t mac[6];

        router_mac("fc-test", mac);
        free(command("ip link add fc-test address %02x:%02x:%02x:%02x:%02x:%02x type bridge", mac[0], mac[1],
                     mac[2], mac[3], mac[4], mac[5]));
        run("ip rule add iif fc-test unreachable priority 200");
        run("ip -6 rule add iif fc-test unreachable priority 200");
}

IN_OWN_NETNS(old_bridge) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL;
        bool used = false;

        add_old_bridge();
        run("ip link add vb-shop-db type veth peer name fc-peer1");
        run("ip link set vb-shop-db master fc-test");
        ASSERT_ERROR(router_ensure("fc-test", &ours, &error), &error, FC_EXIT_CONFLICT,
                     "that an older release has started");
        ASSERT_OK(router_is_used("fc-test", &used, &error), &error);
        ASSERT_TRUE(used);
        ASSERT_OK(router_list(&names, &error), &error);
        ASSERT_EQ(strv_length(names), 1u);
        ASSERT_TRUE(!release("fc-test"));
        ASSERT_TRUE(exists("fc-test"));
        ASSERT_OK(old_port_remove("shop-db", &error), &error);
        ASSERT_TRUE(release("fc-test"));
        ASSERT_TRUE(!exists("fc-test"));
        assert_no_output("ip rule show iif fc-test");
        assert_no_output("ip -6 rule show iif fc-test");

        add_old_bridge();
        ensure("fc-test", &ours);
        assert_whole();
}

/* nspawn's names, short and long, systemd-nspawn(1). */
IN_OWN_NETNS(old_ports) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(old_port_remove("shop-db", &error), &error);
        run("ip link add vb-shop-db type veth peer name fc-peer1");
        run("ip link add vb-shop-3fX1Yz type veth peer name fc-peer2");
        run("ip link property add dev vb-shop-3fX1Yz altname vb-shop-3f2a-httpserver");
        run("ip link add vb-shop-3fA2Bc type veth peer name fc-peer3");
        run("ip link property add dev vb-shop-3fA2Bc altname vb-shop-3f2a-httpserver2");

        ASSERT_OK(old_port_remove("shop-3f2a-httpserver", &error), &error);
        ASSERT_TRUE(!exists("vb-shop-3fX1Yz"));
        ASSERT_TRUE(exists("vb-shop-3fA2Bc") && exists("vb-shop-db"));
        ASSERT_OK(old_port_remove("shop-3f2a-httpserver", &error), &error);
        ASSERT_OK(old_port_remove("shop-db", &error), &error);
        ASSERT_TRUE(!exists("vb-shop-db"));

        become_unprivileged();
        ASSERT_ERROR(old_port_remove("shop-3f2a-httpserver2", &error), &error, FC_EXIT_HOST,
                     "remove interface 'vb-shop-3f2a-httpserver2'");
}
