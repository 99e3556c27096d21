/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "context/shared-use.h"
#include "ops/question.h"
#include "ops/reset.h"

typedef struct ResetOptions {
        uint64_t timeout_usec;
        uint64_t stop_timeout_usec;
        bool volumes;
        bool yes;
} ResetOptions;

static const Option reset_options[] = {
        {"volumes", 'v', OPTION_FLAG, offsetof(ResetOptions, volumes), NULL,
         "Also fresh volumes, where no other container uses them"},
        {"yes", 'y', OPTION_FLAG, offsetof(ResetOptions, yes), NULL, "Do not ask"},
        {"timeout", 0, OPTION_SECONDS, offsetof(ResetOptions, timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
        {"stop-timeout", 't', OPTION_SECONDS, offsetof(ResetOptions, stop_timeout_usec), "SECONDS",
         "How long a container may take to shut down [stop.timeout]"},
};

static void reset_defaults(void *target) {
        *(ResetOptions *) target =
                (ResetOptions){.timeout_usec = UINT64_MAX, .stop_timeout_usec = UINT64_MAX};
}

static int reset_verb_run(const ProjectRequest *request, const void *target, char *const *operands,
                          Error *reterr) {
        const ResetOptions *o = target;
        FleetOptions fleet_options = FLEET_OPTIONS("reset");
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(removal_done) Removal removal = {};
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_selected(request, operands, &project, &names, reterr);
        if (r >= 0)
                r = removal_plan(&project, names, REMOVAL_ROOTS, o->volumes, /* orphans= */ false, &removal,
                                 reterr);
        if (r < 0)
                return r;
        if (request->globals->dry_run)
                return removal_show(&removal, reterr);
        r = question_ask_removal(&removal, "stop, remove this for good, and start again?", o->yes, reterr);
        if (r <= 0)
                return r < 0 ? r : FC_EXIT_INTERRUPTED;
        r = shared_use(&project, names, "reset", /* ret= */ NULL, reterr);
        if (r < 0)
                return r;
        fleet_options.ready_timeout_usec = o->timeout_usec;
        fleet_options.stop_timeout_usec = o->stop_timeout_usec;
        return reset_run(&fleet_options, &project, names, &removal, reterr);
}

const Verb cmd_reset = {
        .name = "reset",
        .synopsis = "NAME..",
        .summary = "Stop, and start again with a fresh root",
        .options = reset_options,
        .n_options = ELEMENTSOF(reset_options),
        .target_size = sizeof(ResetOptions),
        .defaults = reset_defaults,
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .builds = true,
        .needs_root = true,
        .run = reset_verb_run,
};
