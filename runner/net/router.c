/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file-lock.h"
#include "base/strv.h"
#include "net/netns.h"
#include "net/old-bridge.h"
#include "net/router-internal.h"
#include "net/router.h"
#include "net/router6.h"
#include "net/rtnl.h"

/* How often the namespace may vanish under us (another process releases it) before we say so. */
#define OPEN_TRIES 5

/* ---- the host's interface ---- */

static bool has_mac(const char *name, const uint8_t mac[6]) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {};

        (void) snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        return fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &request) >= 0 &&
               memcmp(request.ifr_hwaddr.sa_data, mac, 6) == 0;
}

/* Only one of ours has the address that its name makes. */
static void uplink_mac(const char *name, uint8_t ret[6]) {
        _cleanup_free_ char *text = xasprintf("uplink %s", name);

        router_mac(text, ret);
}

static bool has_our_mac(const char *name) {
        uint8_t mac[6];

        uplink_mac(name, mac);
        return has_mac(name, mac);
}

/* Asked without that lock of the kernel's (rtnl) which it holds for long while it takes a namespace apart,
 * such as that of a container which has just ended. */
bool router_is_old(const char *name) {
        uint8_t mac[6];

        router_mac(name, mac);
        return has_mac(name, mac);
}

static bool is_old(const Link *link) {
        return streq(link->kind, "bridge");
}

static int find_link(Netlink *netlink, const char *name, Link *ret, Error *reterr) {
        int r = netlink_link_find(netlink, name, ret);

        return r < 0 ? error_set(reterr, r, "look up interface '%s'", name) : 0;
}

static bool is_a_projects(const Link *link, const char *name) {
        return (is_old(link) && router_is_old(name)) || (streq(link->kind, "veth") && has_our_mac(name));
}

/* @ret: index 0: there is none. A bridge is one of an older release's. */
static int find_uplink(Netlink *host, const char *name, Link *ret, Error *reterr) {
        int r, index;

        /* What goes between two looks, as the kernel takes apart the network of a container that has ended,
         * has nothing of ours any more: whether it is another's is known only where it stays. */
        do {
                r = find_link(host, name, ret, reterr);
                if (r < 0 || ret->index == 0 || is_a_projects(ret, name))
                        return r;
                index = ret->index;
                r = find_link(host, name, ret, reterr);
        } while (r >= 0 && ret->index != index);
        if (r < 0)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "interface '%s' exists and is not a project's, but a '%s'",
                        name, ret->kind[0] ? ret->kind : "hardware");
        error_add_hint(reterr, "look at it: ip -d link show dev %s", name);
        return r;
}

static int clear_old(Netlink *host, const char *name, const Link *link, Error *reterr) {
        bool removed;
        int r = old_bridge_release(host, name, link->index, &removed, reterr);

        if (r < 0 || removed)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "containers of this project run that an older release has started");
        error_add_hint(reterr, "flake-containers down, and then up");
        return r;
}

int router_check_name(const char *name, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *host = NULL;
        Link link;
        int r;

        r = netlink_open(&host, reterr);
        if (r >= 0)
                r = find_uplink(host, name, &link, reterr);
        return r < 0 || !is_old(&link) ? r : clear_old(host, name, &link, reterr);
}

/* Few system calls only, since every `up` asks. */
bool router_has(const char *name, const Subnet *subnet) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {};
        struct sockaddr_in address;

        (void) snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        if (fd < 0 || ioctl(fd, SIOCGIFADDR, &request) < 0)
                return false;
        memcpy(&address, &request.ifr_addr, sizeof(address));
        return ntohl(address.sin_addr.s_addr) == subnet_address(subnet, SUBNET_OCTET_GATEWAY);
}

/* Both families. */
static bool has_addresses(const char *name, const Subnet *subnet) {
        return router_has(name, subnet) && (!router6_is_wanted() || router6_has(name, subnet));
}

static int configure_uplink(Netlink *host, const char *name, int index, const Subnet *subnet,
                            Error *reterr) {
        uint32_t address = subnet_address(subnet, SUBNET_OCTET_GATEWAY);
        _cleanup_free_ char *text = address_to_string(address);
        bool ipv6 = router6_is_wanted();
        int r = ipv6 ? 0 : rtnl_set_conf("ipv6", name, "disable_ipv6", "1", reterr);

        if (r < 0)
                return r;
        r = netlink_address_set(host, index, address, subnet->prefix);
        if (r < 0)
                return error_set(reterr, r, "give %s/%u to interface '%s'", text, subnet->prefix, name);
        r = netlink_link_up(host, index);
        if (r < 0)
                return error_set(reterr, r, "set interface '%s' up", name);
        return ipv6 ? router6_set_up_host(host, name, index, subnet, reterr) : 0;
}

/* ---- the router ---- */

typedef struct Router {
        const char *name;
        int netns_fd;
        Netlink *host, *inside;
} Router;

typedef struct RouterLinks {
        Link uplink, port, bridge;
} RouterLinks;

#define ROUTER_NULL ((Router){.netns_fd = -EBADF})

static void router_done(Router *r) {
        r->host = netlink_free(r->host);
        r->inside = netlink_free(r->inside);
        r->netns_fd = safe_close(r->netns_fd);
}

/* @make: nothing is in it yet, perhaps, and nothing there gets an IPv6 address but what is given one: a port
 * takes no part in what it passes on. */
static int router_enter(Router *router, bool make, Error *reterr) {
        int back = netns_enter(router->netns_fd, reterr), r = 0;

        if (back < 0)
                return back;
        if (make)
                r = rtnl_set_conf("ipv6", "default", "disable_ipv6", "1", reterr);
        if (r >= 0)
                r = netlink_open(&router->inside, reterr);
        netns_leave(back);
        return r;
}

static int router_set_conf(const Router *router, Error *reterr) {
        /* A container sends from its project's addresses, and the host from its own. */
        static const RtnlForwarding links[] = {{ROUTER_BRIDGE, .check_source = true},
                                               {ROUTER_HOST, .check_source = true}};
        static const RtnlConf confs[] = {
                /* It answers for what is on the other side. */
                {"ipv4", ROUTER_BRIDGE, "proxy_arp", "1"},
                {"ipv4", ROUTER_HOST, "proxy_arp", "1"},
        };
        bool ipv6 = router6_is_wanted();
        int back = netns_enter(router->netns_fd, reterr), r;

        if (back < 0)
                return back;
        r = rtnl_set_forwarding(links, ELEMENTSOF(links), reterr);
        if (r >= 0)
                r = rtnl_set_confs(confs, ELEMENTSOF(confs), reterr);
        /* Answers for others otherwise come up to 0.8 s later. */
        if (r >= 0)
                r = rtnl_set_neighbours("ipv4", ROUTER_BRIDGE, "proxy_delay", "0", reterr);
        if (r >= 0)
                r = rtnl_set_neighbours("ipv4", ROUTER_HOST, "proxy_delay", "0", reterr);
        if (r >= 0 && ipv6)
                r = router6_set_conf(reterr);
        netns_leave(back);
        return r;
}

/* Without a local address the kernel has no table of those, and takes each for one of broadcast. */
static int router_loopback_up(const Router *router) {
        Link lo;
        int r = netlink_link_find(router->inside, "lo", &lo);

        return r < 0 || lo.up ? r : netlink_link_up(router->inside, lo.index);
}

/* From the bridge to the host's address, and from the host to the bridge; and nowhere else. */
static int router_set_routes(const Router *router, const RouterLinks *l, const Subnet *subnet) {
        const struct in_addr host = {htonl(subnet_address(subnet, SUBNET_OCTET_GATEWAY))},
                             all = {htonl(subnet->network)};
        int r = netlink_route_set(
                router->inside,
                &(Route){.family = AF_INET, .to = &all, .prefix = subnet->prefix, .index = l->bridge.index});

        return r < 0 ? r
                     : netlink_route_set(router->inside, &(Route){.family = AF_INET,
                                                                  .to = &host,
                                                                  .prefix = 32,
                                                                  .index = l->port.index});
}

/* A process that looks at the links and then changes them has locked it. */
static int router_lock(const char *name, int fd, bool *ret_gone, Error *reterr) {
        _cleanup_free_ char *what = xasprintf("the network '%s'", name);
        _cleanup_close_ int now = -EBADF;
        struct stat locked, there;
        int r;

        r = file_lock_take(fd, LOCK_EX, what, reterr);
        if (r >= 0)
                r = netns_open(name, &now, reterr);
        if (r < 0)
                return r;
        *ret_gone =
                now < 0 || fstat(fd, &locked) < 0 || fstat(now, &there) < 0 || locked.st_ino != there.st_ino;
        return 0;
}

static int router_take(const char *name, bool make, int *ret_fd, Error *reterr) {
        for (unsigned i = 0; i < OPEN_TRIES; i++) {
                _cleanup_close_ int fd = -EBADF;
                bool gone = true;
                int r;

                if (make)
                        r = fd = netns_make(name, reterr);
                else
                        r = netns_open(name, &fd, reterr);
                if (r >= 0 && fd >= 0)
                        r = router_lock(name, fd, &gone, reterr);
                if (r < 0)
                        return r;
                if (fd >= 0 && gone)
                        continue;
                *ret_fd = TAKE_FD(fd);
                return 0;
        }
        return error_raise(reterr, FC_EXIT_CONFLICT,
                           "the network '%s' is removed by another process again and again", name);
}

/* @ret: netns_fd is -EBADF, and `inside` NULL: there is none. */
static int router_open(const char *name, bool make, Router *ret, Error *reterr) {
        _cleanup_(router_done) Router router = ROUTER_NULL;
        int r;

        router.name = name;
        r = netlink_open(&router.host, reterr);
        if (r >= 0)
                r = router_take(name, make, &router.netns_fd, reterr);
        if (r >= 0 && router.netns_fd >= 0)
                r = router_enter(&router, make, reterr);
        if (r < 0)
                return r;
        *ret = router;
        router = ROUTER_NULL;
        return 0;
}

static int find_links(const Router *router, RouterLinks *ret, Error *reterr) {
        int r;

        r = find_uplink(router->host, router->name, &ret->uplink, reterr);
        if (r >= 0)
                r = find_link(router->inside, ROUTER_HOST, &ret->port, reterr);
        return r < 0 ? r : find_link(router->inside, ROUTER_BRIDGE, &ret->bridge, reterr);
}

static bool is_connected(const RouterLinks *l) {
        return l->uplink.index > 0 && l->port.index > 0 && l->uplink.peer == l->port.index &&
               l->port.peer == l->uplink.index;
}

static bool is_whole(const RouterLinks *l) {
        return is_connected(l) && l->uplink.up && l->port.up && l->bridge.index > 0 && l->bridge.up;
}

/* One with another network's address is made anew, and with it go the router's routes. So is one whose other
 * end is gone, or in another namespace: that which has ended a moment ago. */
static int connect_host(const Router *router, const RouterLinks *l, const Subnet *subnet) {
        _cleanup_close_ int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        int r = fd < 0 ? -errno : 0;
        uint8_t mac[6];

        if (r < 0 || (is_connected(l) && router_has(router->name, subnet)))
                return r;
        uplink_mac(router->name, mac);
        if (l->uplink.index > 0)
                r = netlink_link_delete(router->host, l->uplink.index);
        if ((r >= 0 || r == -ENODEV) && l->port.index > 0)
                r = netlink_link_delete(router->inside, l->port.index);
        return r < 0 && r != -ENODEV
                       ? r
                       : netlink_veth_create(router->inside, ROUTER_HOST, router->name, mac, fd);
}

static int make_links(const Router *router, RouterLinks *l, const Subnet *subnet, Error *reterr) {
        int r = connect_host(router, l, subnet);

        if (r >= 0 && l->bridge.index == 0) {
                uint8_t mac[6];

                router_mac(ROUTER_BRIDGE, mac);
                r = netlink_bridge_create(router->inside, ROUTER_BRIDGE, mac);
        }
        if (r < 0)
                return error_set(reterr, r, "make the network '%s'", router->name);
        return find_links(router, l, reterr);
}

static int router_complete(const Router *router, const Subnet *subnet, Error *reterr) {
        RouterLinks l;
        int r;

        r = find_links(router, &l, reterr);
        if (r >= 0 && is_old(&l.uplink)) {
                r = clear_old(router->host, router->name, &l.uplink, reterr);
                l.uplink = (Link){};
        }
        if (r >= 0)
                r = make_links(router, &l, subnet, reterr);
        if (r >= 0)
                r = configure_uplink(router->host, router->name, l.uplink.index, subnet, reterr);
        if (r >= 0)
                r = router_set_conf(router, reterr);
        if (r < 0)
                return r;
        r = router_loopback_up(router);
        if (r >= 0)
                r = netlink_link_up(router->inside, l.bridge.index);
        if (r >= 0)
                r = netlink_link_up(router->inside, l.port.index);
        if (r >= 0)
                r = router_set_routes(router, &l, subnet);
        if (r >= 0 && router6_is_wanted())
                r = router6_set_up_inside(router->inside, router->name, subnet, l.bridge.index,
                                          l.port.index);
        return r < 0 ? error_set(reterr, r, "set the network '%s' up", router->name) : 0;
}

int router_ensure(const char *name, const Subnet *subnet, Error *reterr) {
        _cleanup_(router_done) Router router = ROUTER_NULL;
        int r;

        r = router_check_name(name, reterr);
        if (r >= 0)
                r = router_open(name, /* make= */ true, &router, reterr);
        return r < 0 ? r : router_complete(&router, subnet, reterr);
}

/* A machine without a port is ending. */
static int mend_port(const Router *router, const char *machine, int bridge, bool *mended, Error *reterr) {
        _cleanup_free_ char *name = router_port_name(machine);
        Link port;
        int r;

        r = find_link(router->inside, name, &port, reterr);
        if (r < 0 || port.index == 0 || (port.master == bridge && port.up))
                return r;
        *mended = true;
        r = netlink_link_attach(router->inside, port.index, bridge);
        if (r >= 0)
                r = netlink_link_up(router->inside, port.index);
        return r < 0 && r != -ENODEV ? error_set(reterr, r, "attach machine '%s' to the network '%s'",
                                                 machine, router->name)
                                     : 0;
}

int router_mend(const char *name, const Subnet *subnet, char *const *machines, bool *ret_mended,
                Error *reterr) {
        _cleanup_(router_done) Router router = ROUTER_NULL;
        bool mended = false;
        RouterLinks l;
        int r;

        r = router_open(name, /* make= */ false, &router, reterr);
        if (r >= 0 && router.netns_fd < 0) {
                /* An older release has started the machine. */
                *ret_mended = false;
                return 0;
        }
        if (r >= 0)
                r = find_links(&router, &l, reterr);
        if (r >= 0 && (!is_whole(&l) || !has_addresses(name, subnet))) {
                mended = true;
                r = router_complete(&router, subnet, reterr);
                if (r >= 0)
                        r = find_links(&router, &l, reterr);
        }
        STRV_FOREACH (machine, machines)
                if (r >= 0)
                        r = mend_port(&router, *machine, l.bridge.index, &mended, reterr);
        if (r >= 0)
                *ret_mended = mended;
        return r;
}

static int release_old(const char *name, bool *ret_removed, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *host = NULL;
        Link link;
        int r;

        *ret_removed = false;
        r = netlink_open(&host, reterr);
        if (r >= 0)
                r = find_link(host, name, &link, reterr);
        return r < 0 || !is_old(&link) ? r : old_bridge_release(host, name, link.index, ret_removed, reterr);
}

int router_release(const char *name, bool *ret_removed, Error *reterr) {
        bool old = false, removed;
        int r = 0;

        if (router_is_old(name))
                r = release_old(name, &old, reterr);
        if (r >= 0)
                r = netns_remove(name, &removed, reterr);
        if (r >= 0 && ret_removed)
                *ret_removed = old || removed;
        return r;
}

int router_remove(const char *name, bool *ret_removed, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *host = NULL;
        bool removed;
        int r;

        r = router_release(name, &removed, reterr);
        if (r >= 0)
                r = netlink_open(&host, reterr);
        if (r < 0)
                return r;
        if (has_our_mac(name)) {
                r = netlink_link_delete_named(host, name);
                if (r < 0 && r != -ENODEV)
                        return error_set(reterr, r, "remove interface '%s'", name);
                removed = true;
        }
        if (ret_removed)
                *ret_removed = removed;
        return 0;
}

/* ---- all of them ---- */

static int push_old_bridges(char ***names, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        struct if_nameindex *all = if_nameindex();
        int r;

        if (!all)
                return error_set(reterr, errno, "list the interfaces");
        r = netlink_open(&netlink, reterr);
        for (const struct if_nameindex *i = all; r >= 0 && i->if_index != 0; i++) {
                Link link;

                if (!router_is_old(i->if_name) || strv_contains(*names, i->if_name))
                        continue;
                r = find_link(netlink, i->if_name, &link, reterr);
                if (r >= 0 && is_old(&link))
                        strv_push(names, i->if_name);
        }
        if_freenameindex(all);
        return r;
}

int router_list(char ***ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r;

        r = netns_list(&names, reterr);
        if (r >= 0)
                r = push_old_bridges(&names, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(names);
        return 0;
}

bool router_is_sibling(const char *name, const char *other) {
        return strncmp(name, other, ROUTER_NAME_COMMON) == 0;
}

int router_list_siblings(const char *name, char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = NULL;
        char **siblings = NULL;
        int r = netns_list(&all, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (other, all)
                if (router_is_sibling(name, *other))
                        strv_push(&siblings, *other);
        *ret = siblings;
        return 0;
}

static int count_ports(Netlink *netlink, int bridge, const char *name, size_t *n, Error *reterr) {
        int r = bridge > 0 ? netlink_count_ports(netlink, bridge, n) : 0;

        return r < 0 ? error_set(reterr, r, "count the ports of bridge '%s'", name) : 0;
}

int router_is_used(const char *name, bool *ret, Error *reterr) {
        _cleanup_(router_done) Router router = ROUTER_NULL;
        size_t n_old = 0, n_ports = 0;
        RouterLinks l = {};
        int r;

        r = router_open(name, /* make= */ false, &router, reterr);
        if (r >= 0)
                r = router.inside ? find_links(&router, &l, reterr)
                                  : find_uplink(router.host, name, &l.uplink, reterr);
        if (r >= 0 && is_old(&l.uplink))
                r = count_ports(router.host, l.uplink.index, name, &n_old, reterr);
        if (r >= 0)
                r = count_ports(router.inside, l.bridge.index, name, &n_ports, reterr);
        if (r >= 0)
                *ret = n_old > 0 || n_ports > 0;
        return r;
}
