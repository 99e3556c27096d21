/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "elevate/held.h"
#include "ops/outer-command.h"

static const Option with_options[] = {
        {"fresh", 0, OPTION_FLAG, offsetof(HolderOptions, fresh), NULL,
         "In an instance of their own, removed afterwards"},
        {"from", 0, OPTION_STRING, offsetof(HolderOptions, label), "LABEL",
         "With --fresh: which begins as this snapshot"},
        {"timeout", 0, OPTION_SECONDS, offsetof(HolderOptions, timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
};

static void with_defaults(void *target) {
        ((HolderOptions *) target)->timeout_usec = UINT64_MAX;
}

static int with_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const HolderOptions *o = target;
        Held held;
        int r;

        r = held_check(request, "with [NAME..]", o, reterr);
        if (r < 0)
                return r;
        /* Executed again, as root. */
        if (request->handed.root)
                return held_serve(request, o, operands, reterr);
        r = held_start(request, o, operands, &held, reterr);
        if (r == FC_EXIT_OK)
                r = outer_command_run(request->command, held.variables, reterr);
        return held_end(&held, request, r, reterr);
}

const Verb cmd_with = {
        .name = "with",
        .synopsis = "[NAME..] -- CMD [ARG..]",
        .summary = "Run a command beside containers that are up, with the variables of 'env'",
        .options = with_options,
        .n_options = ELEMENTSOF(with_options),
        .target_size = sizeof(HolderOptions),
        .defaults = with_defaults,
        .max_operands = SIZE_MAX,
        .has_command = true,
        .builds = true,
        .holds = true,
        .run = with_run,
};
