/* SPDX-License-Identifier: MIT */

#include "boot/boot.h"
#include "cli/verbs.h"

static int enable_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL, **selected = project_profiles(request);
        bool all = !selected && (!operands || !operands[0]); /* the variable is not there at boot */
        ProjectRequest parted = *request;
        int r;

        parted.part = PART_NEEDED;
        r = project_open_selected(&parted, operands, &project, &names, reterr);
        return r < 0 ? r : boot_enable(&project, names, all, reterr);
}

const Verb cmd_enable = {
        .name = "enable",
        .synopsis = "[NAME..]",
        .summary = "Start them when the host boots, and stop them when it shuts down",
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .builds = true,
        .builds_all = true,
        .needs_root = true,
        .run = enable_run,
};
