/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/up-again.h"

static const Option watch_options[] = {
        {"profile", 0, OPTION_STRINGS, 0, "PROFILE", "As for 'up'"},
};

static int watch_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        return up_again(request, operands, *(char **const *) target, reterr);
}

const Verb cmd_watch = {
        .name = "watch",
        .synopsis = "[NAME..]",
        .summary = "Run 'up' now, and again whenever the flake or the specification changes",
        .options = watch_options,
        .n_options = ELEMENTSOF(watch_options),
        .target_size = sizeof(char **),
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .run = watch_run,
};
