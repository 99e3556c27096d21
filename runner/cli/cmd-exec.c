/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "cli/exec-options.h"
#include "cli/verbs.h"
#include "running/running.h"

typedef struct ExecOptions {
        char *user;
        char *directory;
        char **environment;
        bool no_terminal;
        bool terminal;
} ExecOptions;

static const Option exec_options[] = {
        {"user", 'u', OPTION_STRING, offsetof(ExecOptions, user), "USER",
         "As this user of the container [root], USER:GROUP also in this group"},
        {"workdir", 'w', OPTION_STRING, offsetof(ExecOptions, directory), "DIR", "In this directory [/]"},
        {"env", 'e', OPTION_STRINGS, offsetof(ExecOptions, environment), "K=V",
         "With this in its environment"},
        {"no-tty", 'T', OPTION_FLAG, offsetof(ExecOptions, no_terminal), NULL, "Never on a terminal"},
        {"tty", 't', OPTION_FLAG, offsetof(ExecOptions, terminal), NULL,
         "On a terminal even when our input or output is none"},
        {"interactive", 'i', OPTION_IGNORED, 0, NULL, "(always so)"},
};

static int exec_check(const ExecOptions *o, char *const *command, Error *reterr) {
        if (!command[0])
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "no command given; usage: flake-containers exec NAME -- CMD [ARG..]");
        if (o->terminal && o->no_terminal)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--tty' and '--no-tty' exclude each other");
        return exec_options_check(o->directory, o->environment, reterr);
}

static int exec_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const ExecOptions *o = target;
        ExecRequest exec = EXEC_REQUEST_DEFAULT;
        char *const *command = operands + 1;
        int r;

        if (*command && streq(*command, "--"))
                command++;
        r = exec_check(o, command, reterr);
        if (r < 0)
                return exec_own_failure(r, reterr);
        exec.argv = command;
        exec.user = o->user;
        exec.directory = o->directory;
        exec.environment = o->environment;
        exec.tty = o->terminal ? TTY_ALWAYS : o->no_terminal ? TTY_NEVER : TTY_AUTO;
        return exec_own_failure(running_exec(request, operands[0], &exec, reterr), reterr);
}

const Verb cmd_exec = {
        .name = "exec",
        .synopsis = "NAME -- CMD [ARG..]",
        .summary = "Run a command in a container, with its exit status",
        .options = exec_options,
        .n_options = ELEMENTSOF(exec_options),
        .target_size = sizeof(ExecOptions),
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .stop_early = true,
        .needs_root = true,
        .in_instance = true,
        .run = exec_run,
};
