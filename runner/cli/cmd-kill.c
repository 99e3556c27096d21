/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "cli/verbs.h"
#include "fleet/fleet.h"
#include "ops/kill.h"
#include "view/dry-run.h"

typedef struct KillOptions {
        char *signal;
} KillOptions;

static const Option kill_options[] = {
        {"signal", 's', OPTION_STRING, offsetof(KillOptions, signal), "SIGNAL",
         "Send this to its command, or its PID 1, instead: HUP, SIGUSR1, 10"},
};

static int kill_verb_run(const ProjectRequest *request, const void *target, char *const *operands,
                         Error *reterr) {
        const KillOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        FleetOptions fleet_options = FLEET_OPTIONS("kill");
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        _cleanup_strv_ char **names = NULL;
        int r, signal = SIGKILL;

        r = o->signal ? kill_parse_signal(o->signal, &signal, reterr) : 0;
        if (r >= 0)
                r = project_open_stoppable(request, operands, &project, &names, reterr);
        if (r < 0)
                return r;
        if (request->globals->dry_run && signal == SIGKILL)
                return dry_run_down(&project, names, /* kills= */ true, reterr);
        if (request->globals->dry_run)
                return dry_run_say(&project, names, "signal");
        if (signal != SIGKILL)
                return kill_run(&project, names, signal, reterr);
        /* As `down`, so that it is not started again, nor called crashed. */
        fleet_options.stop_timeout_usec = 0;
        fleet = fleet_new(&fleet_options, &project);
        return fleet_take_down(fleet, names, reterr);
}

const Verb cmd_kill = {
        .name = "kill",
        .synopsis = "NAME..",
        .summary = "Stop at once, without waiting for it to shut down",
        .options = kill_options,
        .n_options = ELEMENTSOF(kill_options),
        .target_size = sizeof(KillOptions),
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = kill_verb_run,
};
