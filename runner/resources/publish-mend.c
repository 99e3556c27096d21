/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "net/ports.h"
#include "resources/publish-mend.h"
#include "resources/resources.h"

int publish_serve(const PublishPlace *place, const PublishedPort *bound, Error *reterr) {
        return machine_publish(place, bound->wanted->container, bound->wanted->udp, bound->fds,
                               1 + (bound->fds[1] >= 0), reterr);
}

int publish_take_back(const PublishPlace *place, const PublishedPort *bound, Error *reterr) {
        return machine_unpublish(place, published_port_address(bound), bound->host, bound->wanted->udp,
                                 reterr);
}

int publish_take_back_bound(const PublishPlace *place, const BoundPort *bound, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = machine_unpublish(place, bound->address, bound->host, bound->udp, &error);

        if (r >= 0 || error.exit == FC_EXIT_USAGE)
                return 0;
        error_move(reterr, &error);
        return r;
}

static int serve_again(const PublishPlace *place, const BoundPort *b, Error *reterr) {
        const Port port = {.address = b->address, .host = b->host, .container = b->container, .udp = b->udp};
        _cleanup_(published_port_done) PublishedPort bound = PUBLISHED_PORT_NULL;
        int r = port_bind(&port, 0, resources_describe_machine, NULL, &bound, reterr);

        return r < 0 ? r : publish_serve(place, &bound, reterr);
}

int publish_mend(const PublishPlace *place, const ContainerState *state, Error *reterr) {
        _cleanup_strv_ char **ports = NULL;
        int r;

        for (size_t i = 0; i < state->n_ports; i++)
                strv_pushf(&ports, "%u%s", state->ports[i].container, bound_port_suffix(&state->ports[i]));
        r = machine_publish_mend(place, ports, reterr);
        for (size_t i = 0; r > 0 && i < state->n_ports; i++) {
                int k = serve_again(place, &state->ports[i], reterr);

                r = k < 0 ? k : r;
        }
        return r;
}
