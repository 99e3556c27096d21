/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "net/netns.h"
#include "net/router-internal.h"
#include "net/router-port.h"
#include "net/router.h"

void router_mac(const char *text, uint8_t ret[6]) {
        uint64_t hash = hash_text(text);

        for (size_t i = 0; i < 6; i++)
                ret[i] = (uint8_t) (hash >> 8 * i);
        ret[0] = (uint8_t) ((ret[0] & 0xfc) | 0x02);
}

char *router_port_name(const char *machine) {
        uint64_t hash = hash_text(machine);

        return xasprintf("port-%010llx", (unsigned long long) ((hash ^ hash >> 40) & 0xffffffffff));
}

int router_connect(int netns_fd, Netlink **ret, Error *reterr) {
        int back = netns_enter(netns_fd, reterr), r;

        if (back < 0)
                return back;
        r = netlink_open(ret, reterr);
        netns_leave(back);
        return r;
}

void router_port_done(RouterPort *port) {
        (void) netlink_free(port->router);
        *port = ROUTER_PORT_NULL;
}

/* Down, as it is made, and on the bridge. The port of the last boot may still be there. */
static int make_port(Netlink *router, int bridge, const char *name, const char *interface,
                     const uint8_t mac[6], int container_fd, int *ret_index) {
        Link port;
        int r = netlink_link_delete_named(router, name);

        if (r < 0 && r != -ENODEV)
                return r;
        r = netlink_veth_create(router, name, interface, mac, container_fd);
        if (r >= 0)
                r = netlink_link_find(router, name, &port);
        if (r >= 0)
                r = netlink_link_attach(router, port.index, bridge);
        if (r >= 0)
                *ret_index = port.index;
        return r;
}

/* In each network another one, as a container is in several. In the default one it is made of the machine
 * alone. */
static void choose_mac(const char *router, const char *machine, uint8_t ret[6]) {
        _cleanup_free_ char *both = xasprintf("%s %s", machine, router);

        router_mac(strlen(router) > ROUTER_NAME_COMMON ? both : machine, ret);
}

int router_port_make(const char *router, const char *machine, const uint8_t mac[6], const char *interface,
                     int container_fd, RouterPort *ret, Error *reterr) {
        _cleanup_(router_port_done) RouterPort port = ROUTER_PORT_NULL;
        _cleanup_free_ char *name = router_port_name(machine);
        _cleanup_close_ int fd = -EBADF;
        uint8_t chosen[6];
        Link bridge;
        int r;

        r = netns_open(router, &fd, reterr);
        if (r >= 0 && fd < 0)
                r = error_raise(reterr, FC_EXIT_FAILED, "the network '%s' is gone", router);
        if (r >= 0)
                r = router_connect(fd, &port.router, reterr);
        if (r < 0)
                return r;
        r = netlink_link_find(port.router, ROUTER_BRIDGE, &bridge);
        if (r >= 0 && bridge.index == 0)
                r = -ENODEV;
        choose_mac(router, machine, chosen);
        if (r >= 0)
                r = make_port(port.router, bridge.index, name, interface, mac ? mac : chosen, container_fd,
                              &port.index);
        if (r < 0)
                return error_set(reterr, r, "attach interface '%s' to the network '%s'", interface, router);
        *ret = port;
        port = ROUTER_PORT_NULL;
        return 0;
}

int router_port_up(RouterPort *port, Error *reterr) {
        int r = netlink_link_up(port->router, port->index);

        return r < 0 ? error_set(reterr, r, "set the container's port up") : 0;
}
