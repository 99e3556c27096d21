/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "fleet/fleet-network.h"
#include "net/router.h"

/* One that is there for its network alone (network_share_follow()) may be left as it runs, and then has its
 * names and addresses, too. */
static bool member_may_stay(const Member *m, char *const *asked) {
        return asked && m->at->spec->network_of && !strv_contains(asked, m->at->name);
}

int fleet_settle_network(Fleet *fleet, char *const *asked, Error *reterr) {
        _cleanup_strv_ char **names = NULL;

        for (size_t i = 0; i < fleet->n_members; i++)
                if (!member_may_stay(&fleet->members[i], asked))
                        strv_push(&names, fleet->members[i].at->name);
        fleet->network_fd = network_hold(fleet->runtime_fd, reterr);
        return fleet->network_fd < 0 ? fleet->network_fd
                                     : network_settle(fleet->project, fleet->runtime_fd, fleet->options.verb,
                                                      names, &fleet->network, reterr);
}

int fleet_settle_starts(Fleet *fleet, char *const *asked, Error *reterr) {
        _cleanup_strv_ char **started = NULL;
        bool more = false;
        int r;

        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];

                if (!goal_starts(m->goal))
                        continue;
                strv_push(&started, m->at->name);
                more = more || (m->at->status.running && member_may_stay(m, asked));
        }
        r = more ? network_settle(fleet->project, fleet->runtime_fd, fleet->options.verb, started,
                                  &fleet->network, reterr)
                 : 0;
        return r < 0 ? r
                     : network_regain_ipv6(&fleet->network, started, fleet->runtime_fd, fleet->options.verb,
                                           reterr);
}

/* The machines in @network that run on; owned by the caller, NULL: none does. */
static char **fleet_machines_in(const Fleet *fleet, const ProjectNetwork *network) {
        char **machines = NULL;

        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];

                if (member_runs_on(m) && m->plan->address &&
                    strv_contains(network_names(m->plan->spec->networks), network->name))
                        strv_push(&machines, m->at->machine);
        }
        return machines;
}

int fleet_mend_network(Fleet *fleet, Error *reterr) {
        const char *any = NULL;

        for (size_t i = 0; i < fleet->network.n_networks; i++) {
                const ProjectNetwork *network = &fleet->network.networks[i];
                _cleanup_strv_ char **machines = fleet_machines_in(fleet, network);
                bool mended;
                int r = machines ? router_mend(network->bridge, &network->subnet, machines, &mended, reterr)
                                 : 0;

                if (r < 0)
                        return r;
                if (machines && mended)
                        any = network->bridge;
        }
        if (any) {
                _cleanup_free_ char *text =
                        xasprintf("another program had changed the network '%s', mended", any);

                progress_note(fleet->progress, text);
        }
        return 0;
}
