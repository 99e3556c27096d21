/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/exec-options.h"
#include "cli/verbs.h"
#include "elevate/held.h"
#include "running/running.h"

typedef struct RunOptions {
        HolderOptions holder;
        char *user;
        char *directory;
        char **environment;
} RunOptions;

static const Option run_options[] = {
        {"from", 0, OPTION_STRING, offsetof(RunOptions, holder.label), "LABEL",
         "The instance begins as this snapshot"},
        {"timeout", 0, OPTION_SECONDS, offsetof(RunOptions, holder.timeout_usec), "SECONDS",
         "How long to wait until ready [ready.timeout]"},
        {"user", 'u', OPTION_STRING, offsetof(RunOptions, user), "USER",
         "As this user of the container [root]"},
        {"workdir", 'w', OPTION_STRING, offsetof(RunOptions, directory), "DIR", "In this directory [/]"},
        {"env", 'e', OPTION_STRINGS, offsetof(RunOptions, environment), "K=V",
         "With this in its environment"},
};

static void run_defaults(void *target) {
        RunOptions *o = target;

        o->holder.fresh = true;
        o->holder.timeout_usec = UINT64_MAX;
}

static int run_inside(const ProjectRequest *request, const RunOptions *o, const char *name, const Held *held,
                      Error *reterr) {
        ProjectRequest inside = {
                .globals = request->globals,
                .handed = request->handed,
        };
        ExecRequest exec = EXEC_REQUEST_DEFAULT;

        inside.instance = held_instance(held);
        exec.argv = request->command;
        exec.user = o->user;
        exec.directory = o->directory;
        exec.environment = o->environment;
        return exec_own_failure(running_exec(&inside, name, &exec, reterr), reterr);
}

static int run_run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        const RunOptions *o = target;
        Held held;
        int r;

        r = held_check(request, "run NAME", &o->holder, reterr);
        if (r >= 0)
                r = exec_options_check(o->directory, o->environment, reterr);
        if (r < 0)
                return r;
        r = held_start(request, &o->holder, operands, &held, reterr);
        if (r == FC_EXIT_OK)
                r = run_inside(request, o, operands[0], &held, reterr);
        return held_end(&held, request, r, reterr);
}

const Verb cmd_run = {
        .name = "run",
        .synopsis = "NAME -- CMD [ARG..]",
        .summary = "Run a command in a fresh instance of a container, with its exit status",
        .options = run_options,
        .n_options = ELEMENTSOF(run_options),
        .target_size = sizeof(RunOptions),
        .defaults = run_defaults,
        .min_operands = 1,
        .max_operands = 1,
        .has_command = true,
        .builds = true,
        .needs_root = true,
        .run = run_run,
};
