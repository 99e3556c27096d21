/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "ops/wait.h"

typedef struct WaitOptions {
        char *what;
        uint64_t timeout_usec;
} WaitOptions;

static const Option wait_options[] = {
        {"for", 0, OPTION_STRING, offsetof(WaitOptions, what), "STATE",
         "ready, stopped or completed [ready; of a oneShot one completed]"},
        {"timeout", 't', OPTION_SECONDS, offsetof(WaitOptions, timeout_usec), "SECONDS",
         "How long to wait [as long as it takes]"},
};

static void wait_defaults(void *target) {
        ((WaitOptions *) target)->timeout_usec = UINT64_MAX;
}

static int wait_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const WaitOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, operands, &project, &names, reterr);
        return r < 0 ? r
                     : wait_for(&project, names, operands && operands[0], o->what, o->timeout_usec, reterr);
}

const Verb cmd_wait = {
        .name = "wait",
        .synopsis = "[NAME..]",
        .summary = "Wait until containers are ready, stopped or completed",
        .options = wait_options,
        .n_options = ELEMENTSOF(wait_options),
        .target_size = sizeof(WaitOptions),
        .defaults = wait_defaults,
        .max_operands = SIZE_MAX,
        .in_instance = true,
        .looks = true,
        .run = wait_run,
};
