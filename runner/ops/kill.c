/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "ops/kill.h"
#include "plan/definition.h"
#include "running/running.h"
#include "spec/stop.h"

static bool parse_signal_number(const char *text, int *ret) {
        char *end;
        long n;

        if (text[0] < '1' || text[0] > '9')
                return false;
        n = strtol(text, &end, 10);
        if (*end || n >= _NSIG)
                return false;
        *ret = (int) n;
        return true;
}

int kill_parse_signal(const char *text, int *ret, Error *reterr) {
        _cleanup_free_ char *name = startswith(text, "SIG") ? xstrdup(text) : xasprintf("SIG%s", text);
        int signal, r = 0;

        if (streq(name, "SIGKILL"))
                signal = SIGKILL;
        else if (streq(name, "SIGSTOP"))
                signal = SIGSTOP;
        else if (!parse_signal_number(text, &signal))
                r = stop_signal_from_string(name, &signal, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "--signal");
        if (signal == SIGSTOP) {
                (void) error_raise(reterr, FC_EXIT_USAGE, "--signal: SIGSTOP stops single processes");
                error_add_hint(reterr, "'pause' lets all of a container stand still");
                return -EINVAL;
        }
        *ret = signal;
        return 0;
}

/* The command's parent is a small init of nspawn's, which does not pass signals on. Return: a pidfd. */
static int open_command(const EnterTarget *target) {
        pid_t pid = enter_target_first_child(target);
        _cleanup_close_ int fd = pid > 0 ? process_open(pid) : -ESRCH;

        /* Whether that was still the same. */
        if (fd < 0 || enter_target_first_child(target) != pid)
                return -ESRCH;
        return TAKE_FD(fd);
}

/* What runs, whatever is specified by now. */
static bool runs_command(Project *project, const char *name) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        const ContainerSpec *spec = project_container_spec(project, name);

        if (project_load_state(project, name, &state, NULL) >= 0 && state)
                return definition_runs_command(state->definition);
        return spec && spec->command;
}

static int kill_one(Project *project, const char *name, int signal, Error *reterr) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        _cleanup_close_ int command = -EBADF;
        MachineStatus status;
        int r;

        r = running_query(project, name, &status, reterr);
        if (r >= 0 && status.frozen)
                return running_raise_paused(project, name, reterr);
        if (r >= 0)
                r = running_enter(project, name, &target, reterr);
        if (r < 0)
                return r;
        if (runs_command(project, name)) {
                command = open_command(&target);
                r = command < 0 ? command : process_signal(command, signal);
        } else
                r = process_signal(target.pidfd, signal);
        if (r == -ESRCH)
                return running_raise_not(project, name, reterr);
        return r < 0 ? error_in_container(reterr, error_set(reterr, r, "send it a signal"), name) : 0;
}

int kill_run(Project *project, char *const *names, int signal, Error *reterr) {
        int r = 0;

        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = kill_one(project, *name, signal, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}
