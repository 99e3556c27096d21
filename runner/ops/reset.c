/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "context/network.h"
#include "image/made-image.h"
#include "ops/hooks.h"
#include "ops/reset.h"
#include "resources/resource-sources.h"
#include "spec/network-share.h"
#include "storage/removal.h"

/* Only a container without a root opens its image, so a running one may have lost it long ago. */
static int reset_check_image(Project *project, const Network *network, const char *name, Error *reterr) {
        const ContainerSpec *spec = spec_find(project->spec, name);
        _cleanup_(container_plan_freep) ContainerPlan *plan = network_plan(network, project, spec);
        _cleanup_(progress_freep) Progress *progress = NULL;
        _cleanup_close_ int fd = -EBADF, lock = -EBADF;
        int r;

        if (!plan->image)
                return 0;
        if (made_image_word(spec)) {
                progress = progress_new(project->progress, stderr, (char *[]){(char *) name, NULL});
                r = made_image_make(plan, &project->sources, /* container_fd= */ -EBADF, progress, &lock,
                                    reterr);
                progress_finish(progress);
                return r;
        }
        fd = resource_open_image(&project->sources, plan, reterr);
        return fd < 0 ? error_in_container(reterr, fd, name) : 0;
}

int reset_take_down(const FleetOptions *options, Project *project, char *const *names,
                    const Removal *removal, Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        _cleanup_(fleet_freep) Fleet *fleet = fleet_new(options, project);
        int r = fleet_take_down(fleet, names, reterr);

        if (r != FC_EXIT_OK)
                return r;
        progress = progress_new(project->progress, stderr, NULL);
        /* The fleet has the locks until it is freed. */
        r = removal_apply(removal, progress, reterr);
        progress_finish(progress);
        return r;
}

typedef struct Reset {
        Project *project;
        char *const *names;
        const Removal *removal;
} Reset;

static int reset_prepare(void *userdata, int runtime_fd, Progress *progress, Error *reterr) {
        const Reset *reset = userdata;
        _cleanup_(network_done) Network network = {};
        bool changed;
        int r = removal_refuse_used(reset->removal, reterr);

        if (r >= 0)
                r = removal_refuse_changed(reset->removal, reterr);
        if (r >= 0)
                r = network_read(reset->project, &network, &changed, reterr);
        STRV_FOREACH (name, reset->names)
                if (r >= 0)
                        r = reset_check_image(reset->project, &network, *name, reterr);
        return r;
}

static int reset_make(void *userdata, Progress *progress, Error *reterr) {
        const Reset *reset = userdata;

        return removal_apply(reset->removal, progress, reterr);
}

int reset_run(const FleetOptions *options, Project *project, char *const *names, const Removal *removal,
              Error *reterr) {
        Reset reset = {project, names, removal};
        const FleetChange change = {reset_prepare, reset_make, &reset, .resets = names};
        _cleanup_(fleet_freep) Fleet *fleet = fleet_new(options, project);
        _cleanup_strv_ char **all = network_share_follow(project->spec, names), **ready = NULL;
        int r;

        r = fleet_change(fleet, all, &change, reterr);
        ready = fleet_made_ready(fleet);
        fleet = fleet_free(fleet);
        return hooks_run_after_ready(project, ready, r);
}
