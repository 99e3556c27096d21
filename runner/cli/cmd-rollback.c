/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "context/shared-use.h"
#include "ops/history.h"
#include "ops/up.h"
#include "spec/network-share.h"
#include "view/dry-run.h"

typedef struct RollbackOptions {
        char *to;
        uint64_t timeout_usec;
} RollbackOptions;

static const Option rollback_options[] = {
        {"to", 0, OPTION_STRING, offsetof(RollbackOptions, to), "NUMBER",
         "To this generation [the one before the current]"},
        {"timeout", 0, OPTION_SECONDS, offsetof(RollbackOptions, timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
};

static void rollback_defaults(void *target) {
        *(RollbackOptions *) target = (RollbackOptions){.timeout_usec = UINT64_MAX};
}

static int rollback_run(const ProjectRequest *request, const void *target, char *const *operands,
                        Error *reterr) {
        const RollbackOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        FleetOptions fleet_options = FLEET_OPTIONS("rollback");
        _cleanup_strv_ char **asked = NULL, **names = NULL;
        int r;

        r = project_open_selected(request, operands, &project, &asked, reterr);
        if (r >= 0)
                r = rollback_prepare(&project, asked[0], o->to, &fleet_options.generation, reterr);
        if (r < 0)
                return r;
        names = network_share_follow(project.spec, asked);
        if (request->globals->dry_run)
                return dry_run_up(&project, names, asked, &(DecideHow){}, /* no_wait= */ false,
                                  /* orphans= */ NULL, reterr);
        r = shared_use(&project, asked, "rollback", /* ret= */ NULL, reterr);
        if (r < 0)
                return r;
        fleet_options.rolls_back = asked[0];
        fleet_options.ready_timeout_usec = o->timeout_usec;
        return up_fleet(&fleet_options, &project, names, asked, /* restart= */ false, reterr);
}

const Verb cmd_rollback = {
        .name = "rollback",
        .synopsis = "NAME",
        .summary = "Go back to a NixOS system that it was ready with, until the next up",
        .options = rollback_options,
        .n_options = ELEMENTSOF(rollback_options),
        .target_size = sizeof(RollbackOptions),
        .defaults = rollback_defaults,
        .min_operands = 1,
        .max_operands = 1,
        .has_dry_run = true,
        .needs_root = true,
        .run = rollback_run,
};
