/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "context/shared-use.h"
#include "context/shared.h"
#include "ops/hooks.h"
#include "ops/stop-and-remove.h"
#include "view/dry-run.h"

typedef struct DownOptions {
        uint64_t timeout_usec;
        bool volumes;
        bool yes;
} DownOptions;

static const Option down_options[] = {
        {"timeout", 't', OPTION_SECONDS, offsetof(DownOptions, timeout_usec), "SECONDS",
         "How long a container may take to shut down [stop.timeout]"},
        {"volumes", 'v', OPTION_FLAG, offsetof(DownOptions, volumes), NULL,
         "Then remove them, with their volumes that no other container uses"},
        {"yes", 'y', OPTION_FLAG, offsetof(DownOptions, yes), NULL, "Do not ask, with --volumes"},
};

static void down_defaults(void *target) {
        ((DownOptions *) target)->timeout_usec = UINT64_MAX;
}

static int down_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr);

/* Those that the main work tree has; what is kept of them is not this one's to remove. */
static int down_shared(const ProjectRequest *request, const Project *project, const DownOptions *o,
                       Error *reterr) {
        const ProjectRequest there = shared_request(request, project);
        DownOptions copy = *o;

        copy.volumes = false;
        return down_run(&there, &copy, project->elsewhere, reterr);
}

static int down_own(Project *project, const DownOptions *o, char ***names, bool every, Error *reterr) {
        FleetOptions fleet_options = FLEET_OPTIONS("down");
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        _cleanup_(shared_stop_done) SharedStop shared = SHARED_STOP_NULL;
        int r, exit;

        fleet_options.stop_timeout_usec = o->timeout_usec;
        if (o->volumes) {
                r = stop_and_remove(&fleet_options, project, *names, /* volumes= */ true, every, o->yes,
                                    &exit, reterr);
                return r == FC_EXIT_OK ? exit : r;
        }
        r = shared_stop_begin(project, names, "down", &shared, reterr);
        if (r < 0)
                return r;
        /* A hook may start what is shared. */
        shared_stop_done(&shared);
        exit = hooks_run_before_down(project, *names, reterr);
        if (exit < 0)
                return exit;
        r = shared_stop_begin(project, names, "down", &shared, reterr);
        if (r < 0)
                return r;
        fleet = fleet_new(&fleet_options, project);
        r = fleet_take_down(fleet, *names, reterr);
        r = shared_stop_end(project, &shared, r, reterr);
        return r == FC_EXIT_OK ? exit : r;
}

static int down_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const DownOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        ProjectRequest parted = *request;
        int r, shared = FC_EXIT_OK;

        parted.part = PART_NAMED;
        r = project_open_stoppable(&parted, operands, &project, &names, reterr);
        if (r < 0)
                return r;
        if (request->globals->dry_run && !o->volumes)
                return dry_run_down(&project, names, /* kills= */ false, reterr);
        r = down_own(&project, o, &names, !operands || !operands[0], reterr);
        if (r >= 0 && r != FC_EXIT_INTERRUPTED && project.elsewhere && !request->globals->dry_run)
                shared = down_shared(request, &project, o, reterr);
        return r != FC_EXIT_OK ? r : shared;
}

const Verb cmd_down = {
        .name = "down",
        .alias = "stop",
        .synopsis = "[NAME..]",
        .summary = "Stop, and return when all is gone; the data stay",
        .options = down_options,
        .n_options = ELEMENTSOF(down_options),
        .target_size = sizeof(DownOptions),
        .defaults = down_defaults,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = down_run,
};
