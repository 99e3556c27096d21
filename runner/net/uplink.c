/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "net/uplink.h"

/* It stands among the host's interfaces, unlike a router's port: it is called as a project's interface is,
 * but is a digit shorter. */
static char *uplink_port_name(const char *machine) {
        uint64_t hash = hash_text(machine);

        return xasprintf("fc-%010llx", (unsigned long long) ((hash ^ hash >> 40) & 0xffffffffff));
}

static int uplink_look(Netlink *host, const Uplink *uplink, Link *ret, Error *reterr) {
        int r = netlink_link_find(host, uplink->name, ret);

        if (r < 0)
                return error_set(reterr, r, "look up interface '%s'", uplink->name);
        if (ret->index == 0) {
                r = error_raise(reterr, FC_EXIT_HOST, "the host has no network interface '%s'",
                                uplink->name);
                if (uplink->macvlan)
                        error_add_hint(reterr, "which there are: ip -brief link");
                else
                        error_add_hint(reterr, "make it: ip link add %s type bridge", uplink->name);
                return r;
        }
        if (uplink->macvlan && !ret->ethernet) {
                r = error_raise(reterr, FC_EXIT_HOST,
                                "the host's network interface '%s' has no wire that a container could be on",
                                uplink->name);
                error_add_hint(reterr, "move it to a namespace that the container joins: \"network\": "
                                       "{\"mode\": \"namespace\", ...}");
                return r;
        }
        if (uplink->macvlan || streq(ret->kind, "bridge"))
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST, "the host's network interface '%s' is not a bridge",
                        uplink->name);
        error_add_hint(reterr, "give it \"network\": {\"mode\": \"macvlan\", \"interface\": \"%s\"}",
                       uplink->name);
        return r;
}

int uplink_find(const Uplink *uplink, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *host = NULL;
        Link link;
        int r = netlink_open(&host, reterr);

        return r < 0 ? r : uplink_look(host, uplink, &link, reterr);
}

/* A bridge that has no size of its own takes the smallest of its ports': so a port has that of the bridge
 * before it is one. The port of the last boot may still be there. */
static int uplink_make_port(Netlink *host, const Link *bridge, const char *name, const uint8_t mac[6],
                            const char *interface, int container_fd, int *ret_port) {
        Link port;
        int r = netlink_link_delete_named(host, name);

        if (r < 0 && r != -ENODEV)
                return r;
        r = netlink_veth_create(host, name, interface, mac, container_fd);
        if (r >= 0)
                r = netlink_link_find(host, name, &port);
        if (r >= 0 && port.index == 0)
                r = -ENODEV;
        if (r >= 0)
                r = netlink_link_set_mtu(host, port.index, bridge->mtu);
        if (r >= 0)
                r = netlink_link_attach(host, port.index, bridge->index);
        if (r >= 0)
                *ret_port = port.index;
        return r;
}

/* The largest packet, as that of what it is attached to. */
static int set_size(Netlink *inside, const char *interface, uint32_t mtu) {
        Link link;
        int r = netlink_link_find(inside, interface, &link);

        if (r >= 0 && link.index == 0)
                r = -ENODEV;
        return r < 0 ? r : netlink_link_set_mtu(inside, link.index, mtu);
}

int uplink_make(const Uplink *uplink, Netlink *inside, const char *machine, const uint8_t mac[6],
                const char *interface, int container_fd, int *ret_port, Error *reterr) {
        _cleanup_free_ char *name = uplink_port_name(machine);
        Link link;
        int r = uplink_look(uplink->host, uplink, &link, reterr);

        if (r < 0)
                return r;
        r = uplink->macvlan
                    ? netlink_macvlan_create(uplink->host, interface, link.index, uplink->alone, mac,
                                             container_fd)
                    : uplink_make_port(uplink->host, &link, name, mac, interface, container_fd, ret_port);
        if (r >= 0)
                r = set_size(inside, interface, link.mtu);
        return r < 0 ? error_set(reterr, r, "attach interface '%s' to the host's '%s'", interface,
                                 uplink->name)
                     : 0;
}

int uplink_port_up(const Uplink *uplink, int port, Error *reterr) {
        int r = netlink_link_up(uplink->host, port);

        return r < 0 ? error_set(reterr, r, "set the container's port of '%s' up", uplink->name) : 0;
}
