/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "ops/boot.h"

static void say_enabled(const Project *project, char *const *names, bool all) {
        _cleanup_free_ char *unit = boot_unit_name(project->id),
                            *list = all ? xstrdup("all containers") : strv_join(names, ", ");

        if (project->progress != PROGRESS_QUIET && !project->globals->dry_run)
                (void) fprintf(stderr, "%s: starts %s when the host boots; now: flake-containers up\n", unit,
                               list);
}

static int enable_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        bool all = !operands || !operands[0];
        _cleanup_strv_ char **names = NULL;
        ProjectRequest parted = *request;
        int r;

        parted.part = PART_NEEDED;
        r = project_open_selected(&parted, operands, &project, &names, reterr);
        if (r >= 0)
                r = boot_enable(&project, names, all, reterr);
        if (r == FC_EXIT_OK)
                say_enabled(&project, names, all);
        return r;
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
