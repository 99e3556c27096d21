/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/history.h"

static int history_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r = project_open_known(request, operands, &project, &names, reterr);

        return r < 0 ? r : history_print(&project, names[0], reterr);
}

const Verb cmd_history = {
        .name = "history",
        .synopsis = "NAME",
        .summary = "Show the NixOS systems that a container was ready with",
        .min_operands = 1,
        .max_operands = 1,
        .run = history_run,
};
