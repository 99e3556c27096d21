/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "storage/migrate.h"

static int migrate_run(const ProjectRequest *request, const void *target, char *const *operands,
                       Error *reterr) {
        bool rootless = streq(operands[0], "rootless");

        if (!rootless && !streq(operands[0], "root"))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' must be one of root, rootless", operands[0]);
        return migrate_project(request, rootless, reterr);
}

const Verb cmd_migrate = {
        .name = "migrate",
        .synopsis = "root|rootless",
        .summary = "Change what the project keeps over to the other way, with root or without",
        .min_operands = 1,
        .max_operands = 1,
        .has_dry_run = true,
        .needs_root = true,
        .of_root = true,
        .run = migrate_run,
};
