/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "enter/environment.h"
#include "ops/hooks.h"
#include "resources/secret-command.h"
#include "running/connection.h"
#include "running/running.h"
#include "screen/error-print.h"

#define HOOK_TIMEOUT_USEC (300 * USEC_PER_SEC)

/* Root that works for nobody else is the developer only of what is root's, and then no hook runs. In a user
 * namespace root is the developer. */
static int hook_find_user(const Project *project, InvokingUser *ret, Error *reterr) {
        *ret = project->user.uid != 0 ? project->user : project->state.user;
        if (ret->uid != 0 || project->facts.rootless)
                return 0;
        return error_raise(reterr, FC_EXIT_HOST,
                           "the project belongs to root, and hooks do not run as root");
}

/* Root's own variables are not for the developer. */
static int hook_own_environment(Project *project, const InvokingUser *user, char ***ret, Error *reterr) {
        char *const *own;
        int r;

        if (user->uid != project->user.uid) {
                *ret = asker_bare_environment(user);
                return 0;
        }
        r = asker_environment(project->asker, &own, reterr);
        if (r >= 0)
                *ret = strv_copy(own);
        return r;
}

static int hook_environment(Project *project, const InvokingUser *user, char ***ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL, **variables = NULL;
        int r;

        r = project_known_names(project, &names, reterr);
        if (r >= 0)
                r = connection_gather(project, names, /* all= */ true, &variables, reterr);
        if (r >= 0)
                r = hook_own_environment(project, user, ret, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (variable, variables)
                environment_set(ret, *variable);
        return 0;
}

static int hooks_run(Project *project, const char *name, const char *what, char **const *commands, size_t n,
                     Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, NULL);
        _cleanup_strv_ char **environment = NULL;
        InvokingUser user;
        int r;

        r = hook_find_user(project, &user, reterr);
        if (r >= 0)
                r = hook_environment(project, &user, &environment, reterr);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                _cleanup_free_ char *text = xasprintf("%s: %s runs '%s'", name, what, commands[i][0]);

                progress_note(progress, text);
                r = host_command_run(project, &user, commands[i], environment, HOOK_TIMEOUT_USEC, reterr);
        }
        return r < 0 ? error_prefix(reterr, r, "%s", what) : 0;
}

/* Printed here, since another one may follow. Return: the exit status. */
static int hook_report(const Project *project, const char *name, Error *error) {
        int exit = error->exit;

        (void) error_in_container(error, 0, name);
        report_error(stderr, error, project->progress);
        return exit;
}

int hooks_run_after_ready(Project *project, char *const *ready, int r) {
        if (r == FC_EXIT_INTERRUPTED)
                return r;
        STRV_FOREACH (name, ready) {
                const ContainerSpec *c = project_container_spec(project, *name);
                _cleanup_(error_done) Error error = ERROR_NULL;
                int exit = FC_EXIT_OK;

                if (!c || c->hooks.n_after_ready == 0)
                        continue;
                if (hooks_run(project, *name, "hooks.afterReady", c->hooks.after_ready,
                              c->hooks.n_after_ready, &error) < 0)
                        exit = hook_report(project, *name, &error);
                r = r == FC_EXIT_OK ? exit : r;
                if (exit == FC_EXIT_INTERRUPTED)
                        break;
        }
        return r;
}

int hooks_run_before_down(Project *project, char *const *names, Error *reterr) {
        int all = FC_EXIT_OK;

        STRV_FOREACH (name, names) {
                const ContainerSpec *c = project_container_spec(project, *name);
                _cleanup_(error_done) Error error = ERROR_NULL;
                int exit = FC_EXIT_OK, r;
                MachineStatus status;

                if (!c || c->hooks.n_before_down == 0)
                        continue;
                r = running_query(project, *name, &status, reterr);
                if (r < 0)
                        return r;
                if (!status.running || status.frozen)
                        continue;
                /* An interrupt stays pending, and is told. */
                process_block_interrupts(NULL);
                r = hooks_run(project, *name, "hooks.beforeDown", c->hooks.before_down,
                              c->hooks.n_before_down, &error);
                if (r < 0 && error.exit == FC_EXIT_INTERRUPTED) {
                        error_move(reterr, &error);
                        return error_in_container(reterr, r, *name);
                }
                if (r < 0)
                        exit = hook_report(project, *name, &error);
                all = all == FC_EXIT_OK ? exit : all;
        }
        return all;
}
