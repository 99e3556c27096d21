/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <ifaddrs.h>

#include "base/alloc.h"
#include "base/process.h"
#include "net/netlink.h"
#include "net/netns.h"
#include "net/router.h"
#include "ops/network.h"

#define LEAVE_USEC (1 * USEC_PER_SEC)

static bool has_router(const char *name) {
        _cleanup_close_ int fd = -EBADF;

        return netns_open(name, &fd, NULL) < 0 || fd >= 0;
}

/* Has an interface of a router an address there that the kernel has yet to take apart? It does so some
 * milliseconds after the command that has released it. */
static bool is_leaving(const Subnet *subnet) {
        struct ifaddrs *all;
        bool leaving = false;

        if (getifaddrs(&all) < 0)
                return false;
        for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
                Subnet address = {.prefix = 32};

                if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !startswith(i->ifa_name, "fc-"))
                        continue;
                address.network =
                        ntohl(((const struct sockaddr_in *) (const void *) i->ifa_addr)->sin_addr.s_addr);
                leaving = leaving || (subnet_overlaps(subnet, &address) && !has_router(i->ifa_name));
        }
        freeifaddrs(all);
        return leaving;
}

/* @ret: prefix 0: there is none. */
static int network_find_overlap(const Network *n, const ProjectNetwork *network, Subnet *ret,
                                Error *reterr) {
        _cleanup_free_ Subnet *taken = NULL;
        const Subnet *overlap;
        size_t n_taken;
        int r = network_read_taken(n, network, &taken, &n_taken, reterr);

        if (r < 0)
                return r;
        overlap = subnet_find_overlap(&network->subnet, taken, n_taken);
        *ret = overlap ? *overlap : (Subnet){};
        return 0;
}

/* The monitor is open before the first look, so that no interface goes unseen in between. */
static int network_wait_for_overlap(const Network *n, const ProjectNetwork *network, Subnet *ret,
                                    Error *reterr) {
        _cleanup_close_ int monitor = netlink_monitor_open();
        uint64_t deadline = now_usec() + LEAVE_USEC;
        int r;

        if (monitor < 0)
                return error_set(reterr, monitor, "watch the host's interfaces");
        do
                r = network_find_overlap(n, network, ret, reterr);
        while (r >= 0 && ret->prefix > 0 && is_leaving(&network->subnet) &&
               netlink_monitor_wait(monitor, /* other_fd= */ -1, deadline) > 0);
        return r;
}

static int raise_subnet_taken(const ProjectNetwork *network, const Subnet *overlap, Error *reterr) {
        _cleanup_free_ char *mine = subnet_to_string(&network->subnet), *other = subnet_to_string(overlap),
                            *key = network->declared->container
                                           ? xasprintf("containers.%s.network.address",
                                                       network->declared->container)
                                           : xasprintf("networks.%s.subnet", network->name);
        int r = error_raise(reterr, FC_EXIT_CONFLICT, "%s: %s is taken: this host routes %s elsewhere", key,
                            mine, other);

        error_add_hint(reterr, "look at 'ip -4 route show table all'; another checkout that runs has "
                               "the same subnet");
        return r;
}

int network_check_declared(const Network *n, bool in_use, Error *reterr) {
        for (size_t i = 0; i < n->n_networks; i++) {
                const ProjectNetwork *network = &n->networks[i];
                Subnet overlap;
                int r;

                if (!network->declared || !network->wanted ||
                    (in_use && router_has(network->bridge, &network->subnet)))
                        continue;
                r = network_wait_for_overlap(n, network, &overlap, reterr);
                if (r < 0)
                        return r;
                if (overlap.prefix > 0)
                        return raise_subnet_taken(network, &overlap, reterr);
        }
        return 0;
}
