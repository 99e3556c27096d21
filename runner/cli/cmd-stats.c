/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "view/stats.h"

static const Option stats_options[] = {
        {"no-stream", 0, OPTION_FLAG, offsetof(StatsOptions, once), NULL,
         "Print once, as always where stdout is not a terminal"},
        {"interval", 'n', OPTION_SECONDS, offsetof(StatsOptions, interval_usec), "SECONDS",
         "How often it is drawn again [1]"},
};

static void stats_defaults(void *target) {
        ((StatsOptions *) target)->interval_usec = USEC_PER_SEC;
}

static int stats_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        const StatsOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        if (o->interval_usec == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "--interval: 0 is not a time");
        r = project_open_known(request, operands, &project, &names, reterr);
        return r < 0 ? r : stats_show(&project, names, o, reterr);
}

const Verb cmd_stats = {
        .name = "stats",
        .alias = "top",
        .synopsis = "[NAME..]",
        .summary = "Show what containers use: processors, memory, tasks, disks",
        .options = stats_options,
        .n_options = ELEMENTSOF(stats_options),
        .target_size = sizeof(StatsOptions),
        .defaults = stats_defaults,
        .max_operands = SIZE_MAX,
        .looks = true,
        .run = stats_run,
};
