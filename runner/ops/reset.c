/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/network.h"
#include "ops/removal.h"
#include "ops/reset.h"
#include "ops/resource-sources.h"
#include "spec/spec.h"

/* Only a container without a root opens its image, so a running one may have lost it long ago. */
static int reset_check_image(Project *project, const Network *network, const char *name, Error *reterr) {
        const ContainerSpec *spec = spec_find(project->spec, name);
        _cleanup_(container_plan_freep) ContainerPlan *plan = network_plan(network, project, spec);
        _cleanup_close_ int fd = -EBADF;

        if (!plan->image)
                return 0;
        fd = resource_open_image(&project->sources, plan, reterr);
        return fd < 0 ? error_in_container(reterr, fd, name) : 0;
}

static int reset_check(Project *project, char *const *names, Error *reterr) {
        _cleanup_(network_done) Network network = {};
        bool changed;
        int r;

        r = state_dir_make(&project->state, reterr);
        if (r >= 0)
                r = project_open_sources(project, reterr);
        if (r >= 0)
                r = network_read(project, &network, &changed, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = reset_check_image(project, &network, *name, reterr);
        return r;
}

int reset_take_down(const FleetOptions *options, Project *project, char *const *names,
                    const Removal *removal, Error *reterr) {
        _cleanup_(fleet_freep) Fleet *fleet = fleet_new(options, project);
        int r = fleet_take_down(fleet, names, reterr);

        /* The fleet has the locks until it is freed. */
        if (r == FC_EXIT_OK)
                r = removal_apply(removal, reterr);
        return r;
}

int reset_run(const FleetOptions *options, Project *project, char *const *names, const Removal *removal,
              Error *reterr) {
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        int r;

        r = reset_check(project, names, reterr);
        if (r >= 0)
                r = reset_take_down(options, project, names, removal, reterr);
        if (r != FC_EXIT_OK)
                return r;
        /* Another command may come in between: it starts them with the same fresh roots. */
        fleet = fleet_new(options, project);
        return fleet_bring_up(fleet, names, names, /* restart= */ false, reterr);
}
