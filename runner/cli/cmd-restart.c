/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "context/shared-use.h"
#include "context/shared.h"
#include "ops/up.h"
#include "spec/network-share.h"
#include "view/dry-run.h"

typedef struct RestartOptions {
        uint64_t timeout_usec, stop_timeout_usec;
        char **profiles;
} RestartOptions;

static const Option restart_options[] = {
        {"timeout", 0, OPTION_SECONDS, offsetof(RestartOptions, timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
        {"stop-timeout", 't', OPTION_SECONDS, offsetof(RestartOptions, stop_timeout_usec), "SECONDS",
         "How long a container may take to shut down [stop.timeout]"},
        {"profile", 0, OPTION_STRINGS, offsetof(RestartOptions, profiles), "PROFILE", "As for 'up'"},
};

static void restart_defaults(void *target) {
        *(RestartOptions *) target = (RestartOptions){UINT64_MAX, UINT64_MAX, NULL};
}

static int restart_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        const RestartOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        FleetOptions fleet_options = FLEET_OPTIONS("restart");
        _cleanup_strv_ char **asked = NULL, **names = NULL;
        ProjectRequest parted = *request;
        int r = up_check_profiles(o->profiles, operands, reterr);

        /* Without names this is about what no other work tree has. */
        parted.part = operands && operands[0] ? PART_NAMED : PART_NOTHING;
        parted.profiles = o->profiles;
        r = r < 0 ? r : project_open_selected(&parted, operands, &project, &asked, reterr);
        if (r < 0)
                return r;
        names = network_share_follow(project.spec, asked);
        if (request->globals->dry_run)
                return dry_run_up(&project, names, asked, &(DecideHow){.restart = true},
                                  /* no_wait= */ false, /* orphans= */ NULL, reterr);
        if (project.elsewhere) {
                const ProjectRequest there = shared_request(request, &project);

                r = restart_run(&there, target, project.elsewhere, reterr);
        }
        if (r == FC_EXIT_OK)
                r = shared_use(&project, asked, "restart", /* ret= */ NULL, reterr);
        if (r != FC_EXIT_OK)
                return r;

        fleet_options.says = true;
        fleet_options.ready_timeout_usec = o->timeout_usec;
        fleet_options.stop_timeout_usec = o->stop_timeout_usec;
        return up_fleet(&fleet_options, &project, names, asked, /* restart= */ true, reterr);
}

const Verb cmd_restart = {
        .name = "restart",
        .synopsis = "[NAME..]",
        .summary = "Stop and start again, with what changed",
        .options = restart_options,
        .n_options = ELEMENTSOF(restart_options),
        .target_size = sizeof(RestartOptions),
        .defaults = restart_defaults,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .builds = true,
        .needs_root = true,
        .run = restart_run,
};
