/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "cli/failure.h"
#include "report/console.h"
#include "report/format.h"
#include "report/journal.h"

#define EVIDENCE_LINES 10

static void add_journal(const Member *m, const char *unit, Error *e) {
        _cleanup_close_ int fd =
                fs_open_beneath(m->resources.container_fd, "journal", O_RDONLY | O_DIRECTORY, 0, NULL);
        _cleanup_strv_ char **lines = NULL;
        char path[FS_PROC_FD_MAX];
        uint64_t since = m->state ? m->state->started_usec : 0; /* the guest has the host's clock */

        if (fd < 0 || journal_unit_tail(fs_proc_fd(path, fd), unit, since, EVIDENCE_LINES, &lines, NULL) < 0)
                return;
        STRV_FOREACH (line, lines)
                error_add_evidence(e, "%s", *line);
}

static void add_console(const Member *m, Error *e) {
        _cleanup_close_ int fd =
                fs_open_beneath(m->resources.container_fd, "console.log", O_RDONLY, 0, NULL);
        _cleanup_strv_ char **lines = NULL;

        if (fd < 0 || console_tail(fd, m->resources.console_start, EVIDENCE_LINES, &lines, NULL) < 0)
                return;
        STRV_FOREACH (line, lines)
                error_add_evidence(e, "%s", *line);
}

static void add_hint(const Member *m, Error *e, const char *what, const char *verb, const char *operand) {
        _cleanup_free_ char *command = session_command(m->fleet->session, verb, operand);

        error_add_hint(e, "%s: %s", what, command);
}

static void add_hints(const Member *m, const char *unit, bool running, Error *e) {
        _cleanup_free_ char *logs = unit ? xasprintf("%s -u %s", m->name, unit) : xstrdup(m->name);

        add_hint(m, e, "more", "logs", logs);
        if (!running || m->fleet->rm_on_failure)
                return;
        add_hint(m, e, "look inside", "shell", m->name);
        add_hint(m, e, "stop it", "down", m->name);
}

static char *describe_unit(const FailedUnit *u) {
        _cleanup_free_ char *how = NULL;

        if (u->exec_code == CLD_EXITED && u->exec_status != 0)
                how = xasprintf("exit status %d", u->exec_status);
        else if (u->exec_code == CLD_KILLED || u->exec_code == CLD_DUMPED)
                how = xasprintf("killed by SIG%s",
                                sigabbrev_np(u->exec_status) ? sigabbrev_np(u->exec_status) : "?");
        else
                how = xstrdup(u->result ? u->result : "failed");
        if (u->restarts > 0)
                return xasprintf("%s failed: %s, %u restart%s", u->name, how, u->restarts,
                                 u->restarts > 1 ? "s" : "");
        return xasprintf("%s failed: %s", u->name, how);
}

static void explain_degraded(const Member *m, const FailedUnits *failed, Error *e) {
        _cleanup_free_ char *first = NULL;

        if (failed->n == 0) {
                (void) error_raise(e, FC_EXIT_FAILED, "%s: the guest is degraded", m->name);
                add_hints(m, NULL, true, e);
                return;
        }
        first = describe_unit(&failed->units[0]);
        (void) error_raise(e, FC_EXIT_FAILED, "%s: %s", m->name, first);
        add_journal(m, failed->units[0].name, e);
        for (size_t i = 1; i < failed->n; i++) {
                _cleanup_free_ char *text = describe_unit(&failed->units[i]);

                error_add_evidence(e, "also: %s", text);
                add_journal(m, failed->units[i].name, e);
        }
        add_hints(m, failed->units[0].name, true, e);
}

static void explain_timeout(const Member *m, const char *status, Error *e) {
        char duration[FORMAT_DURATION_MAX];

        (void) format_duration(duration, now_usec() - m->began_usec);
        (void) error_raise(e, FC_EXIT_TIMEOUT, "%s: not ready after %s%s%s", m->name, duration,
                           status ? ": " : "", status ? status : "");
        add_console(m, e);
        add_hints(m, NULL, true, e);
}

static void explain_end(const Member *m, const char *text, Error *e) {
        (void) error_raise(e, FC_EXIT_FAILED, "%s: ended before it was ready: %s", m->name, text);
        add_console(m, e);
        add_hints(m, NULL, false, e);
}

void failure_explain(const Member *m, const ReadyResult *result, Error *reterr) {
        switch (result->outcome) {
        case READY_DEGRADED:
                explain_degraded(m, result->failed, reterr);
                break;
        case READY_TIMEOUT:
                explain_timeout(m, result->text, reterr);
                break;
        case READY_ENDED:
                explain_end(m, result->text, reterr);
                break;
        case READY_ERROR:
                error_move(reterr, result->error);
                (void) error_prefix(reterr, 0, "%s", m->name);
                add_console(m, reterr);
                break;
        case READY_OK:
                break;
        }
}
