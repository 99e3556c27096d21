/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "context/network.h"
#include "net/netlink.h"
#include "net/netns.h"
#include "net/router.h"
#include "net/router6.h"
#include "net/rtnl.h"
#include "plan/address6.h"

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

/* What of the host is in the way of a network. */
typedef struct Overlap {
        char *route; /* NULL: nothing is */
        bool ipv6;
        bool leaving;
} Overlap;

static void overlap_done(Overlap *overlap) {
        free(overlap->route);
        *overlap = (Overlap){};
}

static int network_find_overlap4(const Network *n, const ProjectNetwork *network, Overlap *ret,
                                 Error *reterr) {
        _cleanup_free_ Subnet *taken = NULL;
        const Subnet *overlap;
        size_t n_taken;
        /* First: an interface that goes in between has no route any more. */
        bool leaving = is_leaving(&network->subnet);
        int r = network_read_taken(n, network, &taken, &n_taken, reterr);

        if (r < 0)
                return r;
        overlap = subnet_find_overlap(&network->subnet, taken, n_taken);
        if (overlap)
                *ret = (Overlap){.route = subnet_to_string(overlap), .leaving = leaving};
        return 0;
}

static int network_find_overlap6(const ProjectNetwork *network, Overlap *ret, Error *reterr) {
        char name[IF_NAMESIZE], text[INET6_ADDRSTRLEN];
        Route6 route;
        int r = routes_find6(network->bridge, &network->subnet.network6, &route, reterr);

        if (r < 0 || route.prefix == 0)
                return r;
        (void) inet_ntop(AF_INET6, &route.to, text, sizeof(text));
        *ret = (Overlap){.route = xasprintf("%s/%u", text, route.prefix),
                         .ipv6 = true,
                         .leaving = route.index > 0 && (!if_indextoname((unsigned) route.index, name) ||
                                                        (startswith(name, "fc-") && !has_router(name)))};
        return 0;
}

static bool network_wants4(const ProjectNetwork *network, bool in_use) {
        return network->declared->subnet && !(in_use && router_has(network->bridge, &network->subnet));
}

/* One that runs may have been started without IPv6, or another program has taken it away. */
static bool network_wants6(const ProjectNetwork *network, bool in_use) {
        return network->declared->subnet6 && router6_is_wanted() &&
               !(in_use && router6_has(network->bridge, &network->subnet));
}

/* Of what the specification gives of it. */
static int network_find_overlap(const Network *n, const ProjectNetwork *network, bool in_use, Overlap *ret,
                                Error *reterr) {
        int r = network_wants4(network, in_use) ? network_find_overlap4(n, network, ret, reterr) : 0;

        return r < 0 || ret->route || !network_wants6(network, in_use)
                       ? r
                       : network_find_overlap6(network, ret, reterr);
}

/* The monitor is open before the first look, so that no interface goes unseen in between. */
static int network_wait_for_overlap(const Network *n, const ProjectNetwork *network, bool in_use,
                                    Overlap *ret, Error *reterr) {
        _cleanup_close_ int monitor = netlink_monitor_open();
        uint64_t deadline = now_usec() + LEAVE_USEC;
        int r;

        if (monitor < 0)
                return error_set(reterr, monitor, "watch the host's interfaces");
        do {
                overlap_done(ret);
                r = network_find_overlap(n, network, in_use, ret, reterr);
        } while (r >= 0 && ret->leaving && netlink_monitor_wait(monitor, /* other_fd= */ -1, deadline) > 0);
        return r;
}

/* What the user has written; owned by the caller. */
static char *network_key(const ProjectNetwork *network, bool ipv6) {
        const char *container = ipv6 ? network->declared->container6 : network->declared->container,
                   *digit = ipv6 ? "6" : "";

        return container ? xasprintf("containers.%s.network.address%s", container, digit)
                         : xasprintf("networks.%s.subnet%s", network->name, digit);
}

static int raise_subnet_taken(const ProjectNetwork *network, const Overlap *overlap, Error *reterr) {
        _cleanup_free_ char *key = network_key(network, overlap->ipv6);
        int r = error_raise(reterr, FC_EXIT_CONFLICT, "%s: %s is taken: this host routes %s elsewhere", key,
                            overlap->ipv6 ? network->declared->subnet6 : network->declared->subnet,
                            overlap->route);

        error_add_hint(reterr,
                       "look at 'ip -%c route show table all'; another checkout that runs has the "
                       "same subnet",
                       overlap->ipv6 ? '6' : '4');
        return r;
}

static bool network_is_around(const ProjectNetwork *network, const struct in6_addr *address) {
        return memcmp(network->subnet.network6.s6_addr, address->s6_addr, ADDRESS6_PREFIX / 8) == 0;
}

/* The host's address in each of them is derived, also where the network is given, and so may be the others'
 * networks, which are not there yet: a container could send from what is in its own. */
static int network_check_derived(const Network *n, const ProjectNetwork *network, Error *reterr) {
        for (size_t i = 0; i < n->n_networks; i++) {
                const ProjectNetwork *other = &n->networks[i];
                const struct in6_addr host = address6_of_host(other->bridge),
                                      all = address6_of(other->bridge, &other->subnet.network6, 0);
                _cleanup_free_ char *key = NULL;

                if (!network_is_around(network, &host) &&
                    (other == network || !network_is_around(network, &all)))
                        continue;
                key = network_key(network, /* ipv6= */ true);
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "%s: %s is taken: network '%s' of this project has addresses there", key,
                                   network->declared->subnet6, other->name);
        }
        return 0;
}

int network_check_declared(const Network *n, bool in_use, Error *reterr) {
        for (size_t i = 0; i < n->n_networks; i++) {
                const ProjectNetwork *network = &n->networks[i];
                _cleanup_(overlap_done) Overlap overlap = {};
                int r;

                if (!network->declared || !network->wanted)
                        continue;
                r = network->declared->subnet6 ? network_check_derived(n, network, reterr) : 0;
                if (r >= 0)
                        r = network_wait_for_overlap(n, network, in_use, &overlap, reterr);
                if (r < 0)
                        return r;
                if (overlap.route)
                        return raise_subnet_taken(network, &overlap, reterr);
        }
        return 0;
}
