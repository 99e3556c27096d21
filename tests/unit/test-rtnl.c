/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>

#include "base/strv.h"
#include "net/rtnl.h"
#include "netns-util.h"

/* All of this runs in a network namespace of its own. */

static const Subnet ours = {.network = 0x0a1d2800, .prefix = 24}; /* 10.29.40.0/24 */

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
                ASSERT_OK(netlink_rule_pass6(netlink, "fc-port", &source, 128));
        }
        run("ip link add fc-port type veth peer name fc-peer");
        run("ip link set fc-port up");
        run("ip link set fc-peer up");
        run("sysctl -qw net.ipv6.conf.all.forwarding=1");
        run("ip -6 route add default dev fc-peer");
        assert_output("ip -6 route get 2001:db8::1 from fd00::2 iif fc-port", "dev fc-peer");
        assert_output("ip -6 rule show iif fc-port", "from all iif fc-port unreachable");
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
        run("ip link add fc-test type bridge");
        run("ip address add 10.29.40.1/24 dev fc-test");
        run("ip link set fc-test up");
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

        /* Before the first `up` there is none to leave out. */
        ASSERT_OK(routes_read("fc-none", &missing, &n_missing, &error), &error);
        ASSERT_EQ(n_missing, n_all);
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
