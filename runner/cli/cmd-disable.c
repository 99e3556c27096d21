/* SPDX-License-Identifier: MIT */

#include "boot/boot.h"
#include "cli/verbs.h"

static int disable_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_free_ char *unit = NULL;
        int r;

        r = project_open(request, &project, reterr);
        if (r >= 0)
                r = boot_disable(&project, /* made= */ false, &unit, reterr);
        if (r < 0)
                return r;
        if (project.progress == PROGRESS_QUIET)
                return FC_EXIT_OK;
        if (unit)
                (void) fprintf(stderr, "%s: %s\n", unit,
                               request->globals->dry_run ? "would be removed" : "removed");
        else
                (void) fputs("no unit starts this project when the host boots\n", stderr);
        return FC_EXIT_OK;
}

const Verb cmd_disable = {
        .name = "disable",
        .synopsis = "",
        .summary = "Start nothing of the project any more when the host boots",
        .has_dry_run = true,
        .needs_root = true,
        .run = disable_run,
};
