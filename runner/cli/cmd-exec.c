/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "ops/target.h"
#include "cli/verbs.h"
#include "enter/exec.h"

typedef struct ExecOptions {
        char *user;
        char *directory;
        char **environment;
        bool no_terminal;
        bool terminal;
} ExecOptions;

static const Option options[] = {
        {"user", 'u', OPTION_STRING, offsetof(ExecOptions, user), "USER",
         "As this user of the container [root]"},
        {"workdir", 'w', OPTION_STRING, offsetof(ExecOptions, directory), "DIR", "In this directory [/]"},
        {"env", 'e', OPTION_STRINGS, offsetof(ExecOptions, environment), "K=V",
         "With this in its environment"},
        {"no-tty", 'T', OPTION_FLAG, offsetof(ExecOptions, no_terminal), NULL, "Never on a terminal"},
        {"tty", 't', OPTION_FLAG, offsetof(ExecOptions, terminal), NULL,
         "On a terminal even when our input or output is none"},
        {"interactive", 'i', OPTION_IGNORED, 0, NULL, "(always so)"},
};

/* Our own failures are 125; what the other codes say of the target holds for `exec` as for every verb. */
static int own_failure(int r, Error *reterr) {
        if (reterr && (reterr->exit == FC_EXIT_INTERNAL || reterr->exit == FC_EXIT_FAILED))
                reterr->exit = FC_EXIT_EXEC_OWN;
        return r;
}

static int check(const ExecOptions *o, char *const *command, Error *reterr) {
        if (!command[0])
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "no command given; usage: flake-containers exec NAME -- CMD [ARG..]");
        if (o->terminal && o->no_terminal)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--tty' and '--no-tty' exclude each other");
        if (o->directory && o->directory[0] != '/')
                return error_raise(reterr, FC_EXIT_USAGE, "option '--workdir': '%s' is not absolute",
                                   o->directory);
        STRV_FOREACH (assignment, o->environment)
                if ((*assignment)[0] == '=' || !strchr(*assignment, '='))
                        return error_raise(reterr, FC_EXIT_USAGE, "option '--env': '%s' is not NAME=VALUE",
                                           *assignment);
        return 0;
}

static int run(const Globals *globals, const void *target, char *const *operands, Error *reterr) {
        const ExecOptions *o = target;
        _cleanup_(target_done) Target t = TARGET_NULL;
        ExecRequest request = EXEC_REQUEST_DEFAULT;
        char *const *command = operands + 1;
        bool stopped = false;
        int r;

        if (*command && streq(*command, "--"))
                command++;
        r = check(o, command, reterr);
        if (r >= 0)
                r = target_open(globals, operands[0], &t, reterr);
        if (r < 0)
                return own_failure(r, reterr);
        request.container = operands[0];
        request.leader = t.leader;
        request.cgroup_fd = t.payload_cgroup_fd;
        request.argv = command;
        request.user = o->user;
        request.directory = o->directory;
        request.environment = o->environment;
        request.tty = o->terminal ? TTY_ALWAYS : o->no_terminal ? TTY_NEVER : TTY_AUTO;
        r = container_exec(&request, &stopped, reterr);
        if (r >= 0 && stopped)
                (void) fprintf(stderr, "container '%s' has stopped\n", operands[0]);
        return own_failure(r, reterr);
}

const Verb cmd_exec = {
        .name = "exec",
        .synopsis = "NAME -- CMD [ARG..]",
        .summary = "Run a command in a container, with its exit status",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .target_size = sizeof(ExecOptions),
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .stop_early = true,
        .needs_root = true,
        .run = run,
};
