/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/target.h"
#include "cli/verbs.h"
#include "enter/exec.h"

typedef struct ShellOptions {
        char *user;
} ShellOptions;

static const Option options[] = {
        {"user", 'u', OPTION_STRING, offsetof(ShellOptions, user), "USER",
         "As this user of the container [root]"},
};

static int run(const Globals *globals, const void *target, char *const *operands, Error *reterr) {
        const ShellOptions *o = target;
        _cleanup_(target_done) Target t = TARGET_NULL;
        ExecRequest request = EXEC_REQUEST_DEFAULT;
        bool stopped = false;
        int r;

        r = target_open(globals, operands[0], &t, reterr);
        if (r < 0)
                return r;
        request.container = operands[0];
        request.leader = t.leader;
        request.cgroup_fd = t.payload_cgroup_fd;
        request.user = o->user;
        request.login_shell = true;
        r = container_exec(&request, &stopped, reterr);
        if (r >= 0 && stopped)
                (void) fprintf(stderr, "container '%s' has stopped\n", operands[0]);
        return r;
}

const Verb cmd_shell = {
        .name = "shell",
        .synopsis = "NAME",
        .summary = "Open a login shell in a container",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .target_size = sizeof(ShellOptions),
        .min_operands = 1,
        .max_operands = 1,
        .needs_root = true,
        .run = run,
};
