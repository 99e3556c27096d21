/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/up-again.h"

static int watch_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        return up_again(request, operands, reterr);
}

const Verb cmd_watch = {
        .name = "watch",
        .synopsis = "[NAME..]",
        .summary = "Run 'up' now, and again whenever the flake or the specification changes",
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .run = watch_run,
};
