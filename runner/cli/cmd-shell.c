/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/alloc.h"
#include "cli/verbs.h"
#include "context/project-open.h"
#include "elevate/elevate.h"
#include "elevate/held.h"
#include "ops/outer-session.h"
#include "running/running.h"

#define UPDATE_OPTION "--update"

typedef struct ShellOptions {
        HolderOptions holder;
        char *user;
        char *run;
        bool update;
} ShellOptions;

static const Option shell_options[] = {
        {"user", 'u', OPTION_STRING, offsetof(ShellOptions, user), "USER",
         "As this user of the container [root]"},
        {"fresh", 0, OPTION_FLAG, offsetof(ShellOptions, holder.fresh), NULL,
         "A shell on the host beside a fresh instance of it, removed afterwards"},
        {"from", 0, OPTION_STRING, offsetof(ShellOptions, holder.label), "LABEL",
         "With --fresh: which begins as this snapshot"},
        {"no-destroy", 'n', OPTION_FLAG, offsetof(ShellOptions, holder.stays), NULL,
         "The same beside the project's own, which stays up"},
        {"run", 0, OPTION_STRING, offsetof(ShellOptions, run), "CMD",
         "With either: run this and all that follows in the place of the shell"},
        {"update", 0, OPTION_FLAG, offsetof(ShellOptions, update), NULL,
         "In such a shell: apply what has changed, as without this option"},
        {"timeout", 0, OPTION_SECONDS, offsetof(ShellOptions, holder.timeout_usec), "SECONDS",
         "With either: how long to wait until ready [ready.timeout]"},
};

static void shell_defaults(void *target) {
        ((ShellOptions *) target)->holder.timeout_usec = UINT64_MAX;
}

/* A shell on the host, which is the developer's. */
static bool shell_is_outside(const ShellOptions *o) {
        return o->holder.fresh || o->holder.stays;
}

static bool shell_needs_root(const void *target) {
        return !shell_is_outside(target);
}

static int shell_check(const ProjectRequest *request, const ShellOptions *o, Error *reterr) {
        if (o->holder.fresh && o->holder.stays)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--fresh' and '--no-destroy' exclude each other");
        if (o->holder.label && !o->holder.fresh)
                return error_raise(reterr, FC_EXIT_USAGE, "option '--from' needs '--fresh'");
        if (!shell_is_outside(o) && (request->command || o->run || o->update))
                return error_raise(reterr, FC_EXIT_USAGE, "%s '--fresh' or '--no-destroy'",
                                   o->update ? "option '--update' needs" : "a command needs");
        if (shell_is_outside(o) && o->user)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "option '--user' is about a shell inside the container");
        if (request->command && !request->command[0])
                return error_raise(reterr, FC_EXIT_USAGE, "no command given");
        if (o->holder.fresh && request->instance && !o->update)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "options '--fresh' and '--instance' exclude each other");
        return 0;
}

/* ---- in a session ---- */

/* The same words for what is executed again as root, without the command, and with what this process has
 * found. */
static char **shell_words(const ProjectRequest *request, const char *instance) {
        size_t n = (size_t) request->argc - (request->command ? strv_length(request->command) + 1 : 0);
        char **argv = NULL;

        strv_push(&argv, request->argv[0]);
        if (instance)
                strv_pushf(&argv, "--instance=%s", instance);
        for (size_t i = 1; i < n; i++)
                strv_push(&argv, request->argv[i]);
        strv_push(&argv, UPDATE_OPTION);
        return argv;
}

static int shell_again(const ProjectRequest *request, const HolderOptions *holder, char *const *operands,
                       char *const *command, Error *reterr) {
        const OuterSession session = {.container = operands[0], .command = command, .inside = true};
        Held held;
        int r = held_start(request, holder, operands, &held, reterr);

        r = held_end(&held, request, r, reterr);
        return r == FC_EXIT_OK && command ? outer_session_run(request, &session, reterr) : r;
}

/* ---- beginning one ---- */

static int shell_begin(const ProjectRequest *request, const ShellOptions *o, char *const *operands,
                       char *const *command, Error *reterr) {
        OuterSession session = {.container = operands[0], .command = command};
        Held held;
        int r = held_start(request, &o->holder, operands, &held, reterr);

        session.variables = held.variables;
        session.instance = held_instance(&held);
        if (r == FC_EXIT_OK)
                r = outer_session_run(request, &session, reterr);
        return held_end(&held, request, r, reterr);
}

static int shell_outside(const ProjectRequest *request, const ShellOptions *o, char *const *operands,
                         Error *reterr) {
        char *const one[] = {o->run, NULL}, *const *command = o->run ? one : request->command;
        const HolderOptions again = {.updates = true, .timeout_usec = o->holder.timeout_usec};
        _cleanup_(project_found_done) ProjectFound found = {};
        _cleanup_free_ char *instance = NULL;
        ProjectRequest built = *request, here = *request;
        _cleanup_strv_ char **argv = NULL;
        int r;

        built.builds = built.keeps = true;
        built.wanted = operands;
        /* Executed again, as root. */
        if (request->handed.root)
                return held_serve(&built, o->update ? &again : &o->holder, operands, reterr);
        if (o->update)
                return shell_again(&built, &again, operands, /* command= */ NULL, reterr);
        here.builds = false;
        r = project_locate(&here, &found, reterr);
        if (r < 0)
                return r;
        if (!outer_session_is_around(found.root, operands[0], &instance) ||
            (instance != NULL) != o->holder.fresh)
                return shell_begin(&built, o, operands, command, reterr);
        argv = shell_words(request, instance);
        built.argv = argv;
        built.argc = (int) strv_length(argv);
        built.instance = instance;
        return shell_again(&built, &again, operands, command, reterr);
}

static int shell_run(const ProjectRequest *request, const void *target, char *const *operands,
                     Error *reterr) {
        const ShellOptions *o = target;
        ExecRequest exec = EXEC_REQUEST_DEFAULT;
        int r = shell_check(request, o, reterr);

        if (r < 0)
                return r;
        if (shell_is_outside(o))
                return shell_outside(request, o, operands, reterr);
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
        .defaults = shell_defaults,
        .min_operands = 1,
        .max_operands = 1,
        .has_command = true,
        .command_option = "--run",
        .needs_root_for = shell_needs_root,
        .holds = true,
        .in_instance = true,
        .run = shell_run,
};
