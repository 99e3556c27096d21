/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/time-text.h"
#include "running/failure.h"
#include "spec/seed.h"

static void failure_add_lines(char *const *lines, Error *e) {
        STRV_FOREACH (line, lines)
                error_add_evidence(e, "%s", *line);
}

static void failure_add_unit_lines(const FailureCase *c, size_t i, Error *e) {
        if (i < c->n_unit_lines)
                failure_add_lines(c->unit_lines[i], e);
}

static void failure_add_hint(const FailureCase *c, Error *e, const char *what, const char *verb,
                             const char *operand) {
        /* Of a fresh instance nothing is left to be looked at. */
        bool gone = c->project->state.instance;
        _cleanup_free_ char *command =
                project_command(c->project, gone ? "up" : verb, gone ? c->container : operand);

        if (!gone)
                error_add_hint(e, "%s: %s", what, command);
        else if (!e->hints)
                error_add_hint(e, "to look at it, start it in the project itself: %s", command);
}

static void failure_add_hints(const FailureCase *c, const char *unit, bool running, Error *e) {
        _cleanup_free_ char *logs = unit ? xasprintf("%s -u %s", c->container, unit) : xstrdup(c->container);

        failure_add_hint(c, e, "more", "logs", logs);
        if (c->switched)
                return;
        if (running && !c->removed)
                failure_add_hint(c, e, "look inside", "shell", c->container);
        failure_add_hint(c, e, "start over", running && !c->removed ? "restart" : "up", c->container);
        if (c->old_volumes) {
                _cleanup_free_ char *operands = xasprintf("--volumes %s", c->container);

                failure_add_hint(c, e, "with a fresh root and fresh volumes", "reset", operands);
        } else if (c->old_root)
                failure_add_hint(c, e, "with a fresh root", "reset", c->container);
}

/* "exit status 3", "killed by SIGSEGV"; owned by the caller. */
static char *failure_describe_status(int code, int status) {
        const char *signal = code == CLD_EXITED ? NULL : sigabbrev_np(status);

        if (code == CLD_EXITED)
                return xasprintf("exit status %d", status);
        return signal ? xasprintf("killed by SIG%s", signal) : xasprintf("killed by signal %d", status);
}

/* What the manager calls it, unless the status says as much. */
static const char *failure_describe_result(const FailedUnit *u) {
        static const char *const plain[] = {"exit-code", "signal", "core-dump", "success"};

        for (size_t i = 0; i < ELEMENTSOF(plain); i++)
                if (!u->result || streq(u->result, plain[i]))
                        return NULL;
        return u->result;
}

char *failure_describe_unit(const FailedUnit *u) {
        _cleanup_strv_ char **parts = NULL;
        _cleanup_free_ char *how = NULL;
        const char *result = failure_describe_result(u);

        if (result)
                strv_push(&parts, result);
        if (u->exec_code != 0 && (u->exec_code != CLD_EXITED || u->exec_status != 0))
                strv_push_take(&parts, failure_describe_status(u->exec_code, u->exec_status));
        if (u->restarts > 0)
                strv_pushf(&parts, "%u restart%s", u->restarts, u->restarts > 1 ? "s" : "");
        how = strv_join(parts, ", ");
        return xasprintf("%s failed%s%s", u->name, parts ? ": " : "", how);
}

static void failure_tell_degraded(const FailureCase *c, Error *e) {
        const FailedUnits *failed = c->result->failed;
        _cleanup_free_ char *first = NULL;

        if (failed->n == 0) {
                (void) error_raise(e, FC_EXIT_FAILED, "the guest is degraded");
                failure_add_hints(c, NULL, true, e);
                return;
        }
        first = failure_describe_unit(&failed->units[0]);
        (void) error_raise(e, FC_EXIT_FAILED, "%s", first);
        failure_add_unit_lines(c, 0, e);
        for (size_t i = 1; i < failed->n; i++) {
                _cleanup_free_ char *text = failure_describe_unit(&failed->units[i]);

                error_add_evidence(e, "also: %s", text);
                failure_add_unit_lines(c, i, e);
        }
        if (failed->n_more > 0)
                error_add_evidence(e, "also: %zu more units", failed->n_more);
        /* The guest wrote this before it had a journal. */
        if (!e->evidence)
                failure_add_lines(c->console_lines, e);
        failure_add_hints(c, failed->units[0].name, true, e);
}

static void failure_tell_timeout(const FailureCase *c, Error *e) {
        const char *text = c->result->text;
        char duration[FORMAT_DURATION_MAX], age[FORMAT_DURATION_MAX];

        (void) format_duration(duration, c->waited_usec);
        (void) error_raise(e, FC_EXIT_TIMEOUT, "not %s after %s%s%s", c->one_shot ? "completed" : "ready",
                           duration, text ? ": " : "", text ? text : "");
        failure_add_unit_lines(c, 0, e);
        /* How long a unit has said nothing tells one that is slow from one that hangs. */
        if (c->silent_usec != UINT64_MAX)
                error_add_evidence(e, "nothing more for %s", format_duration(age, c->silent_usec));
        if (!e->evidence)
                failure_add_lines(c->console_lines, e);
        failure_add_hints(c, c->result->unit, true, e);
}

/* "exit status 3", "killed by SIGKILL, had run out of memory"; owned by the caller. */
static char *failure_describe_end(const ExitRecord *end) {
        _cleanup_free_ char *how = NULL, *rest = exit_record_describe_rest(end);

        if (end->how == ENDED_UNKNOWN)
                return xstrdup("no record says how");
        if (end->how == ENDED_OTHER)
                return exit_record_to_string(end);
        how = failure_describe_status(end->how == ENDED_EXITED ? CLD_EXITED : CLD_KILLED, end->code);
        return xasprintf("%s%s", how, rest);
}

static void failure_tell_end(const FailureCase *c, Error *e) {
        _cleanup_free_ char *end = failure_describe_end(c->result->end);

        (void) error_raise(e, FC_EXIT_FAILED, "%s: %s",
                           c->one_shot    ? "failed"
                           : c->was_ready ? "ended after it was ready"
                                          : "ended before it was ready",
                           end);
        failure_add_lines(c->console_lines, e);
        failure_add_hints(c, NULL, false, e);
}

/* A program that gets no inotify instance says "Too many open files" at best. */
static void failure_add_scarcity(const InotifyUse *use, Error *e) {
        error_add_evidence(e, "the host has hardly any inotify instances left: %u of %u are in use",
                           use->used, use->max);
        error_add_hint(e, "more: " INOTIFY_HINT);
}

void failure_tell_seed(const FailureCase *c, const ContainerSpec *spec, const SeedResult *result,
                       const char *anew, Error *reterr) {
        const SeedStep *step = &spec->seed[result->step];
        _cleanup_free_ char *how = NULL,
                            *next = anew ? xasprintf("begin again with %s", anew)
                                         : xstrdup("run it again on the data that is there"),
                            *operands = xasprintf("%s%s", c->old_volumes ? "--volumes " : "", c->container);
        char duration[FORMAT_DURATION_MAX];

        if (result->errnum > 0)
                how = xasprintf("it could not be begun: %s", strerror(result->errnum));
        else if (result->timed_out)
                how = xasprintf("it had not ended after %s", format_duration(duration, step->timeout_usec));
        else
                how = failure_describe_status(result->code, result->status);
        (void) error_raise(reterr, result->timed_out ? FC_EXIT_TIMEOUT : FC_EXIT_FAILED,
                           "step %zu of %zu of its seed ('%s') failed: %s", result->step + 1, spec->n_seed,
                           seed_step_name(step), how);
        failure_add_lines(result->lines, reterr);
        if (!c->removed)
                failure_add_hint(c, reterr, "look inside", "shell", c->container);
        failure_add_hint(c, reterr, next, "up", c->container);
        if (!anew)
                failure_add_hint(c, reterr,
                                 c->old_volumes ? "with a fresh root and fresh volumes"
                                                : "with a fresh root",
                                 "reset", operands);
        (void) error_in_container(reterr, 0, c->container);
}

char *failure_describe_switch(const SwitchResult *result) {
        return result->timed_out ? xstrdup("it had not ended in time")
                                 : failure_describe_status(result->code, result->status);
}

void failure_tell_switch(const FailureCase *c, const SwitchResult *result, Error *reterr) {
        _cleanup_free_ char *how = failure_describe_switch(result), *restart = NULL;
        char duration[FORMAT_DURATION_MAX];

        if (result->timed_out)
                (void) error_raise(reterr, FC_EXIT_TIMEOUT, "its new system was not there after %s",
                                   format_duration(duration, c->waited_usec));
        else if (result->code == CLD_EXITED && result->status == SWITCH_EXIT_OTHER_INIT) {
                restart = project_command(c->project, "up --restart-changed", c->container);
                (void) error_raise(reterr, FC_EXIT_FAILED, "its new system cannot be switched to");
                failure_add_lines(result->lines, reterr);
                error_add_hint(reterr, "start it, by a restart: %s", restart);
                (void) error_in_container(reterr, 0, c->container);
                return;
        } else
                (void) error_raise(reterr, FC_EXIT_FAILED,
                                   "its new system's switch-to-configuration failed: %s", how);
        failure_add_lines(result->lines, reterr);
        failure_add_hints(c, NULL, true, reterr);
        (void) error_in_container(reterr, 0, c->container);
}

void failure_tell(const FailureCase *c, Error *reterr) {
        switch (c->result->outcome) {
        case READY_DEGRADED:
                failure_tell_degraded(c, reterr);
                break;
        case READY_TIMEOUT:
                failure_tell_timeout(c, reterr);
                break;
        case READY_ENDED:
                failure_tell_end(c, reterr);
                break;
        case READY_ERROR:
                error_move(reterr, c->result->error);
                failure_add_lines(c->console_lines, reterr);
                break;
        case READY_OK:
                return;
        }
        if (c->inotify && c->result->outcome != READY_ERROR)
                failure_add_scarcity(c->inotify, reterr);
        (void) error_in_container(reterr, 0, c->container);
}
