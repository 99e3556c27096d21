/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/process.h"
#include "base/strv.h"
#include "net/netlink.h"
#include "net/rtnl.h"

/* How often a bridge may vanish under us (another process releases it) before we say so. */
#define ENSURE_TRIES 5

/* The index of the bridge `name`, 0 when there is no such interface. */
static int find_bridge(Netlink *netlink, const char *name, int *ret_index, Error *reterr) {
        Link link;
        int r;

        r = netlink_link_find(netlink, name, &link);
        if (r < 0)
                return error_set(reterr, r, "look up interface '%s'", name);
        if (link.index > 0 && !streq(link.kind, "bridge")) {
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "interface '%s' exists and is not a bridge, but a '%s'", name,
                                link.kind[0] ? link.kind : "hardware");
                error_add_hint(reterr, "look at it: ip -d link show dev %s", name);
                return r;
        }
        *ret_index = link.index;
        return 0;
}

int routes_read(const char *except_ifname, Subnet **ret, size_t *ret_n, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        Link except = {0};
        int r;

        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        if (except_ifname) {
                r = netlink_link_find(netlink, except_ifname, &except);
                if (r < 0)
                        return error_set(reterr, r, "look up interface '%s'", except_ifname);
        }
        r = netlink_routes(netlink, except.index, ret, ret_n);
        if (r < 0)
                return error_set(reterr, r, "read the host's routes");
        return 0;
}

/* A bridge otherwise takes over the lowest MAC address of its ports and changes it when they come and go,
 * and then containers talk to a stale neighbour entry for some seconds. */
static void mac_of(const char *name, uint8_t ret[6]) {
        uint64_t hash = hash_text(name);

        for (size_t i = 0; i < 6; i++)
                ret[i] = (uint8_t) (hash >> 8 * i);
        ret[0] = (uint8_t) ((ret[0] & 0xfc) | 0x02); /* locally administered, unicast */
}

int rtnl_set_conf(const char *family, const char *name, const char *key, const char *value, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("/proc/sys/net/%s/conf/%s/%s", family, name, key);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if ((fd < 0 || write(fd, value, strlen(value)) < 0) && errno != ENOENT)
                return error_set(reterr, errno, "set '%s' to %s", path, value);
        return 0;
}

static const int families[] = {AF_INET, AF_INET6};

/* Kernels without rules have no way to forward by anything but the setting below. */
static int strand(Netlink *netlink, const char *name, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = netlink_rule_strand(netlink, families[i], name);

                if (r < 0 && r != -EAFNOSUPPORT && r != -EOPNOTSUPP)
                        return error_set(reterr, r, "close the way out of bridge '%s'", name);
        }
        return 0;
}

static int unstrand(Netlink *netlink, const char *name, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = netlink_rule_remove(netlink, families[i], name);

                if (r < 0 && r != -EAFNOSUPPORT && r != -EOPNOTSUPP)
                        return error_set(reterr, r, "remove the rule of bridge '%s'", name);
        }
        return 0;
}

/* Traffic of a container is for another container, which the bridge delivers, or for the host itself.
 *
 * The host does not forward it, also where it forwards for others. When forwarding is switched on later,
 * the kernel switches it on for every interface, this one, too: so there is a rule as well. Where a
 * program removes the rules of others (systemd-networkd does, when it starts), the setting remains.
 *
 * The host takes no part in IPv6 on the bridge. Else root in a container could send router advertisements
 * and give the host an IPv6 default route through that container; a link-local address would answer there on
 * every port that the host serves on [::]; and every start would wait behind duplicate address detection and
 * send router solicitations. Containers among themselves are not concerned: frames pass. */
static int rtnl_isolate(Netlink *netlink, const char *name, Error *reterr) {
        int r;

        r = rtnl_set_conf("ipv6", name, "disable_ipv6", "1", reterr);
        if (r >= 0)
                r = rtnl_set_conf("ipv4", name, "forwarding", "0", reterr);
        return r < 0 ? r : strand(netlink, name, reterr);
}

/* @ret_gone: the bridge vanished meanwhile. */
static int configure(Netlink *netlink, const char *name, int index, const Subnet *subnet, bool *ret_gone,
                     Error *reterr) {
        uint32_t address = subnet_address(subnet, SUBNET_OCTET_GATEWAY);
        _cleanup_free_ char *text = address_to_string(address);
        int r;

        r = rtnl_isolate(netlink, name, reterr);
        if (r < 0)
                return r;
        r = netlink_address_set(netlink, index, address, subnet->prefix);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "give %s/%u to bridge '%s'", text, subnet->prefix, name);
        if (r >= 0)
                r = netlink_link_up(netlink, index);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "set bridge '%s' up", name);
        *ret_gone = r < 0;
        return 0;
}

int bridge_ensure(const char *name, const Subnet *subnet, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        uint8_t mac[6];
        int r;

        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        mac_of(name, mac);

        for (unsigned i = 0; i < ENSURE_TRIES; i++) {
                bool gone;
                int index;

                r = find_bridge(netlink, name, &index, reterr);
                if (r < 0)
                        return r;
                if (index == 0) {
                        r = netlink_bridge_create(netlink, name, mac);
                        if (r < 0 && r != -EEXIST)
                                return error_set(reterr, r, "make bridge '%s'", name);
                        /* Made by us, or by another process meanwhile: now it has an index. */
                        r = find_bridge(netlink, name, &index, reterr);
                        if (r < 0)
                                return r;
                        if (index == 0)
                                continue;
                }
                r = configure(netlink, name, index, subnet, &gone, reterr);
                if (r < 0 || !gone)
                        return r;
        }
        return error_raise(reterr, FC_EXIT_CONFLICT,
                           "bridge '%s' is removed by another process again and again", name);
}

/* One system call only, since every `up` asks. */
bool bridge_has(const char *name, const Subnet *subnet) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {};
        struct sockaddr_in address;

        (void) snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        if (fd < 0 || ioctl(fd, SIOCGIFADDR, &request) < 0)
                return false;
        memcpy(&address, &request.ifr_addr, sizeof(address));
        return ntohl(address.sin_addr.s_addr) == subnet_address(subnet, SUBNET_OCTET_GATEWAY);
}

/* nspawn's end of the machine's veth on the host. */
static char *port_name(const char *machine) {
        return xasprintf("vb-%s", machine);
}

static int find_link(Netlink *netlink, const char *name, Link *ret, Error *reterr) {
        int r = netlink_link_find(netlink, name, ret);

        return r < 0 ? error_set(reterr, r, "look up interface '%s'", name) : 0;
}

int bridge_mend(const char *name, const Subnet *subnet, const char *machine, bool *ret_mended,
                Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_free_ char *port_of = port_name(machine);
        bool mended = false;
        Link bridge, port;
        int r;

        r = netlink_open(&netlink, reterr);
        if (r >= 0)
                r = find_link(netlink, name, &bridge, reterr);
        if (r >= 0 && (!bridge.up || !bridge_has(name, subnet))) {
                mended = true;
                r = bridge_ensure(name, subnet, reterr);
                if (r >= 0)
                        r = find_link(netlink, name, &bridge, reterr);
        }
        if (r >= 0)
                r = find_link(netlink, port_of, &port, reterr);
        if (r < 0)
                return r;
        /* A machine without a port is ending. */
        if (port.index > 0 && (port.master != bridge.index || !port.up)) {
                mended = true;
                r = netlink_link_attach(netlink, port.index, bridge.index);
                if (r >= 0)
                        r = netlink_link_up(netlink, port.index);
                if (r < 0 && r != -ENODEV)
                        return error_set(reterr, r, "attach '%s' to bridge '%s'", port_of, name);
        }
        *ret_mended = mended;
        return 0;
}

/* Return: 1 removed, by us or by another process; 0 ports are attached. */
static int try_release(Netlink *netlink, const char *name, int index, Error *reterr) {
        size_t n_ports;
        int r;

        r = netlink_count_ports(netlink, index, &n_ports);
        if (r < 0)
                return error_set(reterr, r, "count the ports of bridge '%s'", name);
        if (n_ports > 0)
                return 0;
        r = netlink_link_delete(netlink, index);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "remove bridge '%s'", name);
        r = unstrand(netlink, name, reterr);
        return r < 0 ? r : 1;
}

int bridge_release(const char *name, bool *ret_removed, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        int index, r;

        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        r = find_bridge(netlink, name, &index, reterr);
        if (r < 0)
                return r;
        /* Another program that removed the bridge may have left its rule. */
        r = index > 0 ? try_release(netlink, name, index, reterr) : unstrand(netlink, name, reterr);
        if (r < 0)
                return r;
        if (ret_removed)
                *ret_removed = r > 0;
        return 0;
}

int bridge_is_used(const char *name, bool *ret, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        size_t n_ports = 0;
        int index, r;

        r = netlink_open(&netlink, reterr);
        if (r >= 0)
                r = find_bridge(netlink, name, &index, reterr);
        if (r < 0)
                return r;
        r = index > 0 ? netlink_count_ports(netlink, index, &n_ports) : 0;
        if (r < 0)
                return error_set(reterr, r, "count the ports of bridge '%s'", name);
        *ret = n_ports > 0;
        return 0;
}

/* Only a bridge of ours has the address that its name makes. */
static bool has_our_mac(const char *name) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {};
        uint8_t mac[6];

        mac_of(name, mac);
        (void) snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        return fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &request) >= 0 &&
               memcmp(request.ifr_hwaddr.sa_data, mac, sizeof(mac)) == 0;
}

int bridge_list(char ***ret, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        struct if_nameindex *all = if_nameindex();
        _cleanup_strv_ char **names = NULL;
        int r;

        if (!all)
                return error_set(reterr, errno, "list the interfaces");
        r = netlink_open(&netlink, reterr);
        for (const struct if_nameindex *i = all; r >= 0 && i->if_index != 0; i++) {
                Link link;

                if (!has_our_mac(i->if_name))
                        continue;
                r = find_link(netlink, i->if_name, &link, reterr);
                if (r >= 0 && streq(link.kind, "bridge"))
                        strv_push(&names, i->if_name);
        }
        if_freenameindex(all);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(names);
        return 0;
}

int bridge_port_remove(const char *machine, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_free_ char *name = port_name(machine);
        int r;

        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        r = netlink_link_delete_named(netlink, name);
        if (r < 0 && r != -ENODEV)
                return error_set(reterr, r, "remove interface '%s'", name);
        return 0;
}
