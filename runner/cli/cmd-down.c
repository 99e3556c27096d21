/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/fleet.h"
#include "ops/plan-show.h"
#include "cli/verbs.h"

typedef struct DownOptions {
        uint64_t timeout_usec;
} DownOptions;

static const Option options[] = {
        {"timeout", 't', OPTION_SECONDS, offsetof(DownOptions, timeout_usec), "SECONDS",
         "How long a container may take to shut down [stop.timeout]"},
};

static void defaults(void *target) {
        ((DownOptions *) target)->timeout_usec = UINT64_MAX;
}

static int run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const DownOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(fleet_done) Fleet fleet = FLEET_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_stoppable(request, operands, &project, &names, reterr);
        if (r < 0)
                return r;
        if (request->globals->dry_run)
                return plan_show_down(&project, names, reterr);

        fleet.stop_timeout_usec = o->timeout_usec;
        return fleet_take_down(&fleet, &project, "down", names, reterr);
}

const Verb cmd_down = {
        .name = "down",
        .alias = "stop",
        .synopsis = "[NAME..]",
        .summary = "Stop, and return when all is gone; the data stay",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .target_size = sizeof(DownOptions),
        .defaults = defaults,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = run,
};
