/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "ops/pause.h"

static int run_way(const ProjectRequest *request, char *const *operands, PauseWay way, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r = project_open_stoppable(request, operands, &project, &names, reterr);

        return r < 0 ? r : pause_run(&project, names, operands && operands[0], way, reterr);
}

static int pause_verb_run(const ProjectRequest *request, const void *target, char *const *operands,
                          Error *reterr) {
        return run_way(request, operands, PAUSE_STOP_STILL, reterr);
}

static int unpause_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        return run_way(request, operands, PAUSE_GO_ON, reterr);
}

const Verb cmd_pause = {
        .name = "pause",
        .synopsis = "[NAME..]",
        .summary = "Let what runs stand still, with what it has in memory",
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = pause_verb_run,
};

const Verb cmd_unpause = {
        .name = "unpause",
        .synopsis = "[NAME..]",
        .summary = "Let what is paused go on",
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = unpause_run,
};
