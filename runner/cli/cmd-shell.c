/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/running.h"
#include "cli/verbs.h"

typedef struct ShellOptions {
        char *user;
} ShellOptions;

static const Option shell_options[] = {
        {"user", 'u', OPTION_STRING, offsetof(ShellOptions, user), "USER",
         "As this user of the container [root]"},
};

static int shell_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        const ShellOptions *o = target;
        ExecRequest exec = EXEC_REQUEST_DEFAULT;

        exec.user = o->user;
        exec.login_shell = true;
        return running_exec(request, operands[0], &exec, reterr);
}

const Verb cmd_shell = {
        .name = "shell",
        .synopsis = "NAME",
        .summary = "Open a login shell in a container",
        .options = shell_options,
        .n_options = ELEMENTSOF(shell_options),
        .target_size = sizeof(ShellOptions),
        .min_operands = 1,
        .max_operands = 1,
        .needs_root = true,
        .in_instance = true,
        .run = shell_run,
};
