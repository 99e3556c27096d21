/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>

#include "base/strv.h"
#include "netns-util.h"
#include "net/rtnl.h"

/* All of this runs in a network namespace of its own: the host's bridges are not touched. */
#define IN_NETNS(name)                                                                                      \
        static void in_##name(void);                                                                        \
        TEST(name) {                                                                                        \
                if (!can_make_netns())                                                                      \
                        SKIP("needs root, to make network namespaces, and ip");                             \
                run_in_netns(in_##name);                                                                    \
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

        ASSERT_OK(bridge_ensure(name, subnet, &error), &error);
}

static bool release(const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        bool removed;

        ASSERT_OK(bridge_release(name, &removed, &error), &error);
        return removed;
}

static char *mac_of(const char *name) {
        _cleanup_free_ char *output = command("ip -o link show dev %s", name);
        const char *mac = strstr(output, "link/ether ");

        ASSERT_TRUE(mac);
        return xstrndup(mac + strlen("link/ether "), 17);
}

IN_NETNS(ensure_makes_a_bridge) {
        ensure("fc-0123456789a", &ours);
        assert_output("ip -d link show dev fc-0123456789a", " bridge forward_delay 0 ");
        assert_output("ip -d link show dev fc-0123456789a", " stp_state 0 ");
        assert_output("ip link show dev fc-0123456789a up", "fc-0123456789a");
        assert_output("ip -4 address show dev fc-0123456789a",
                      "inet 10.29.40.1/24 brd 10.29.40.255 scope global");
}

/* No address, and no router advertisement is listened to. */
IN_NETNS(host_has_no_ipv6_on_the_bridge) {
        if (access("/proc/sys/net/ipv6", F_OK) < 0)
                return;
        ensure("fc-test", &ours);
        assert_output("cat /proc/sys/net/ipv6/conf/fc-test/disable_ipv6", "1");
        run("ip link add fc-port type veth peer name fc-peer");
        run("ip link set fc-peer up");
        run("ip link set fc-port master fc-test up");
        assert_no_output("ip -6 address show dev fc-test");
        assert_no_output("ip -6 route show dev fc-test");
}

/* What comes from a container goes no further, and what says so goes with the bridge. */
IN_NETNS(no_way_on) {
        run("sysctl -qw net.ipv4.ip_forward=1");
        ensure("fc-test", &ours);
        assert_output("cat /proc/sys/net/ipv4/conf/fc-test/forwarding", "0");
        assert_output("ip rule", "from all iif fc-test unreachable");
        assert_output("ip -6 rule", "from all iif fc-test unreachable");
        ensure("fc-test", &ours);
        ASSERT_TRUE(release("fc-test"));
        assert_no_output("ip rule show iif fc-test");
        assert_no_output("ip -6 rule show iif fc-test");

        /* Another program has removed the bridge, and the rules have stayed. */
        ensure("fc-test", &ours);
        run("ip link delete fc-test");
        assert_output("ip rule", "iif fc-test");
        ASSERT_TRUE(!release("fc-test"));
        assert_no_output("ip rule show iif fc-test");
        assert_no_output("ip -6 rule show iif fc-test");
}

/* But for what comes from one address, for which the routes count. */
IN_NETNS(a_way_on_for_one_address) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        struct in6_addr source = {};

        if (access("/proc/sys/net/ipv6", F_OK) < 0)
                return;
        ASSERT_EQ(inet_pton(AF_INET6, "fd00::2", &source), 1);
        ASSERT_OK(netlink_open(&netlink, &error), &error);
        /* The second time both are there. */
        for (int i = 0; i < 2; i++) {
                ASSERT_OK(netlink_rule_strand(netlink, AF_INET6, "fc-port"));
                ASSERT_OK(netlink_rule_pass6(netlink, "fc-port", &source));
        }
        run("ip link add fc-port type veth peer name fc-peer");
        run("ip link set fc-port up");
        run("ip link set fc-peer up");
        run("sysctl -qw net.ipv6.conf.all.forwarding=1");
        run("ip -6 route add default dev fc-peer");
        assert_output("ip -6 route get 2001:db8::1 from fd00::2 iif fc-port", "dev fc-peer");
        assert_output("ip -6 rule show iif fc-port", "from all iif fc-port unreachable");
}

IN_NETNS(ensure_twice) {
        _cleanup_free_ char *before = NULL, *after = NULL;

        ensure("fc-test", &ours);
        before = command("ip -o -d address show dev fc-test");
        ensure("fc-test", &ours);
        after = command("ip -o -d address show dev fc-test");
        ASSERT_STREQ(after, before);
}

/* A process may have been killed after any step. */
IN_NETNS(ensure_completes) {
        run("ip link add fc-test type bridge");
        ensure("fc-test", &ours);
        assert_output("ip link show dev fc-test up", "fc-test");
        assert_output("ip -4 address show dev fc-test", "inet 10.29.40.1/24");

        run("ip link set fc-test down");
        ensure("fc-test", &ours);
        assert_output("ip link show dev fc-test up", "fc-test");
}

IN_NETNS(ensure_changes_the_subnet) {
        static const Subnet other = {.network = 0x0a070700, .prefix = 24};

        ensure("fc-test", &ours);
        run("ip address add 10.29.40.9/24 dev fc-test");
        ensure("fc-test", &other);
        assert_output("ip -4 address show dev fc-test", "inet 10.7.7.1/24");
        assert_no_output("ip -4 address show dev fc-test to 10.29.40.0/24");
        assert_no_output("ip route show 10.29.40.0/24");
}

IN_NETNS(mac_is_stable) {
        _cleanup_free_ char *empty = NULL, *with_port = NULL, *again = NULL, *other = NULL;
        unsigned first;

        ensure("fc-test", &ours);
        empty = mac_of("fc-test");
        ASSERT_EQ(sscanf(empty, "%x:", &first), 1);
        ASSERT_EQ(first & 3, 2u); /* locally administered, unicast */

        run("ip link add fc-port address 00:00:00:00:00:01 type veth peer name fc-peer");
        run("ip link set fc-port master fc-test up");
        with_port = mac_of("fc-test");
        ASSERT_STREQ(with_port, empty);

        run("ip link del fc-test");
        ensure("fc-test", &ours);
        again = mac_of("fc-test");
        ASSERT_STREQ(again, empty);

        ensure("fc-tesu", &(Subnet){.network = 0x0a070700, .prefix = 24});
        other = mac_of("fc-tesu");
        ASSERT_TRUE(!streq(other, empty));
}

IN_NETNS(ensure_refuses_other_kinds) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        run("ip link add fc-test type veth peer name fc-peer");
        ASSERT_ERROR(bridge_ensure("fc-test", &ours, &error), &error, FC_EXIT_CONFLICT,
                     "interface 'fc-test' exists and is not a bridge, but a 'veth'");
        ASSERT_ERROR(bridge_ensure("lo", &ours, &error), &error, FC_EXIT_CONFLICT,
                     "interface 'lo' exists and is not a bridge");
        ASSERT_ERROR(bridge_release("fc-test", NULL, &error), &error, FC_EXIT_CONFLICT, "is not a bridge");
        ASSERT_TRUE(exists("fc-test"));
        assert_no_output("ip -4 address show dev fc-test");
}

IN_NETNS(ensure_refuses_long_names) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_ERROR(bridge_ensure("fc-0123456789abc", &ours, &error), &error, FC_EXIT_INTERNAL,
                     "'fc-0123456789abc'");
}

IN_NETNS(needs_privileges) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Subnet *routes;
        size_t n;

        ensure("fc-there", &ours);
        become_unprivileged();
        ASSERT_ERROR(bridge_ensure("fc-test", &ours, &error), &error, FC_EXIT_HOST, "make bridge 'fc-test'");
        ASSERT_ERROR(bridge_release("fc-there", NULL, &error), &error, FC_EXIT_HOST,
                     "remove bridge 'fc-there'");

        /* Reading the routes needs none: `up --dry-run`. */
        ASSERT_OK(routes_read(NULL, &routes, &n, &error), &error);
        free(routes);
}

IN_NETNS(release_only_without_ports) {
        ASSERT_TRUE(!release("fc-test"));

        ensure("fc-test", &ours);
        run("ip link add fc-port1 type veth peer name fc-peer1");
        run("ip link add fc-port2 type veth peer name fc-peer2");
        run("ip link set fc-port1 master fc-test");
        run("ip link set fc-port2 master fc-test");
        ASSERT_TRUE(!release("fc-test"));
        run("ip link del fc-port1");
        ASSERT_TRUE(!release("fc-test"));
        run("ip link del fc-port2");
        ASSERT_TRUE(release("fc-test"));
        ASSERT_TRUE(!exists("fc-test"));
        ASSERT_TRUE(!release("fc-test"));
}

IN_NETNS(release_is_not_misled_by_other_bridges) {
        ensure("fc-test", &ours);
        run("ip link add fc-other type bridge");
        run("ip link add fc-port type veth peer name fc-peer");
        run("ip link set fc-port master fc-other");
        ASSERT_TRUE(release("fc-test"));
        ASSERT_TRUE(exists("fc-other"));
}

/* nspawn's names, short and long, systemd-nspawn(1). */
IN_NETNS(drop_a_port) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(bridge_port_remove("shop-db", &error), &error);
        run("ip link add vb-shop-db type veth peer name fc-peer1");
        run("ip link add vb-shop-3fX1Yz type veth peer name fc-peer2");
        run("ip link property add dev vb-shop-3fX1Yz altname vb-shop-3f2a-httpserver");
        run("ip link add vb-shop-3fA2Bc type veth peer name fc-peer3");
        run("ip link property add dev vb-shop-3fA2Bc altname vb-shop-3f2a-httpserver2");

        ASSERT_OK(bridge_port_remove("shop-3f2a-httpserver", &error), &error);
        ASSERT_TRUE(!exists("vb-shop-3fX1Yz"));
        ASSERT_TRUE(exists("vb-shop-3fA2Bc") && exists("vb-shop-db"));
        ASSERT_OK(bridge_port_remove("shop-3f2a-httpserver", &error), &error);
        ASSERT_OK(bridge_port_remove("shop-db", &error), &error);
        ASSERT_TRUE(!exists("vb-shop-db"));

        become_unprivileged();
        ASSERT_ERROR(bridge_port_remove("shop-3f2a-httpserver2", &error), &error, FC_EXIT_HOST,
                     "remove interface 'vb-shop-3f2a-httpserver2'");
}

/* At once, without waiting for the kernel, though the namespace is still there. */
IN_NETNS(drop_then_release) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        pid_t pid = holder_new(CLONE_NEWNET);

        ensure("fc-test", &ours);
        free(command("ip link add vb-shop-db type veth peer name host0 netns %d", (int) pid));
        run("ip link set vb-shop-db master fc-test up");
        ASSERT_TRUE(!release("fc-test"));
        ASSERT_OK(bridge_port_remove("shop-db", &error), &error);
        ASSERT_TRUE(release("fc-test"));
        holder_end(pid);
}

/* Many processes at once: every one of them must find the bridge complete when its call returns. */
IN_NETNS(ensure_at_once) {
        for (unsigned round = 0; round < 20; round++) {
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
                        assert_output("ip link show dev fc-test up", "fc-test");
                        assert_output("ip -4 address show dev fc-test", "inet 10.29.40.1/24");
                        exit(0);
                }
                (void) close(gate[0]);
                (void) close(gate[1]); /* all of them start */
                for (size_t i = 0; i < ELEMENTSOF(pids); i++)
                        ASSERT_EQ(wait_status(pids[i]), 0);
                ASSERT_TRUE(release("fc-test"));
        }
}

/* Without any lock: ensure() may find that the bridge vanishes under it, but never reports nonsense. */
IN_NETNS(ensure_against_release) {
        pid_t pid = fork();

        if (pid == 0) {
                for (unsigned i = 0; i < 200; i++)
                        (void) release("fc-test");
                exit(0);
        }
        for (unsigned i = 0; i < 50; i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                int r = bridge_ensure("fc-test", &ours, &error);

                if (r < 0)
                        ASSERT_ERROR(r, &error, FC_EXIT_CONFLICT, "removed by another process");
        }
        ASSERT_EQ(wait_status(pid), 0);
}

static bool has_route(const Subnet *routes, size_t n, uint32_t network, uint8_t prefix) {
        for (size_t i = 0; i < n; i++)
                if (routes[i].network == network && routes[i].prefix == prefix)
                        return true;
        return false;
}

IN_NETNS(routes) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ Subnet *all = NULL, *others = NULL, *missing = NULL;
        size_t n_all, n_others, n_missing;

        loopback_up();
        ensure("fc-test", &ours);
        run("ip link add eth0 type veth peer name eth1");
        run("ip address add 192.0.2.2/24 dev eth0");
        run("ip link set eth0 up");
        run("ip link set eth1 up");
        run("ip route add default via 192.0.2.1");
        run("ip route add 10.8.0.0/16 via 192.0.2.1");
        run("ip route add 10.9.0.0/16 via 192.0.2.1 table 51820"); /* as wg-quick does */
        run("ip route add blackhole 10.10.0.0/26");
        run("ip route add 10.11.0.0/16 nexthop via 192.0.2.1 nexthop via 192.0.2.3");

        ASSERT_OK(routes_read("fc-test", &others, &n_others, &error), &error);
        ASSERT_TRUE(has_route(others, n_others, 0, 0));
        ASSERT_TRUE(has_route(others, n_others, 0xc0000200, 24));
        ASSERT_TRUE(has_route(others, n_others, 0x0a080000, 16));
        ASSERT_TRUE(has_route(others, n_others, 0x0a090000, 16));
        ASSERT_TRUE(has_route(others, n_others, 0x0a0a0000, 26));
        ASSERT_TRUE(has_route(others, n_others, 0x0a0b0000, 16));
        ASSERT_TRUE(!subnet_find_overlap(&ours, others, n_others));

        ASSERT_OK(routes_read(NULL, &all, &n_all, &error), &error);
        ASSERT_TRUE(has_route(all, n_all, ours.network, 24));
        ASSERT_TRUE(n_all > n_others);

        /* Before the first `up` there is no bridge to leave out. */
        ASSERT_OK(routes_read("fc-none", &missing, &n_missing, &error), &error);
        ASSERT_EQ(n_missing, n_all);
}

/* A VPN comes up that routes the remembered subnet: seen, and another one is chosen when it may be. */
IN_NETNS(overlap_with_a_new_route) {
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

IN_NETNS(many_routes) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ Subnet *routes = NULL;
        char path[] = "/tmp/test-rtnl-XXXXXX";
        _cleanup_fclose_ FILE *f = NULL;
        size_t n, n_found = 0;

        /* More than one datagram of answers. */
        loopback_up();
        f = fdopen(mkstemp(path), "w");
        ASSERT_TRUE(f);
        for (unsigned i = 0; i < 3000; i++)
                (void) fprintf(f, "route add 10.%u.%u.0/24 dev lo\n", 100 + i / 256, i % 256);
        ASSERT_EQ(fflush(f), 0);
        free(command("ip -batch %s", path));
        ASSERT_OK(unlink(path));

        ASSERT_OK(routes_read(NULL, &routes, &n, &error), &error);
        for (size_t i = 0; i < n; i++)
                n_found += routes[i].prefix == 24;
        ASSERT_EQ(n_found, 3000u);
}

IN_NETNS(only_ours_are_listed) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **names = NULL;
        bool used = true;

        ensure("fc-0123456789a", &ours);
        free(command("ip link add fc-0123456789b type bridge"));
        free(command("ip link add other type veth peer name peer"));
        ASSERT_OK(bridge_list(&names, &error), &error);
        ASSERT_EQ(strv_length(names), 1u);
        ASSERT_STREQ(names[0], "fc-0123456789a");
        ASSERT_OK(bridge_is_used("fc-0123456789a", &used, &error), &error);
        ASSERT_TRUE(!used);
        free(command("ip link set other master fc-0123456789a"));
        ASSERT_OK(bridge_is_used("fc-0123456789a", &used, &error), &error);
        ASSERT_TRUE(used);
        ASSERT_OK(bridge_is_used("fc-missing", &used, &error), &error);
        ASSERT_TRUE(!used);
}
