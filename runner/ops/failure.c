/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/time-text.h"
#include "enter/journal-sync.h"
#include "host/inotify.h"
#include "logs/journal.h"
#include "logs/line-reader.h"
#include "ops/failure.h"
#include "ops/running.h"
#include "record/console-log.h"

#define EVIDENCE_LINES 10
#define SYNC_USEC      USEC_PER_SEC

/* What a unit said in its last start; the guest has the host's clock. Return: when it said the last of it,
 * 0: nothing. */
static uint64_t add_journal(const Member *m, const JournalUnit *unit, Error *e) {
        _cleanup_close_ int fd =
                fs_open_beneath(m->resources.container_fd, "journal", O_RDONLY | O_DIRECTORY, 0, NULL);
        uint64_t since = m->state ? m->state->started_usec : 0, last = 0;
        _cleanup_strv_ char **lines = NULL;
        char path[FS_PROC_FD_MAX];

        if (fd < 0 ||
            journal_unit_tail(fs_proc_fd(path, fd), unit, since, EVIDENCE_LINES, &lines, &last, NULL) < 0)
                return 0;
        STRV_FOREACH (line, lines)
                error_add_evidence(e, "%s", *line);
        return lines ? last : 0;
}

/* So that the last lines are among those that are read. */
static void sync_journal(const Member *m) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        MachineStatus now;

        if (running_query(m->fleet->project, m->at->name, &now, NULL) >= 0 && now.leader > 0 &&
            enter_target_open(now.leader, &target, NULL) >= 0)
                journal_sync(&target, SYNC_USEC);
}

static void add_console(const Member *m, Error *e) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_strv_ char **lines = NULL;

        if (fs_open_file_beneath_optional(m->resources.container_fd, CONSOLE_LOG, &fd, NULL) < 0 || fd < 0 ||
            line_reader_tail(fd, m->resources.console_start, EVIDENCE_LINES, &lines, NULL) < 0)
                return;
        STRV_FOREACH (line, lines)
                error_add_evidence(e, "%s", *line);
}

static void add_hint(const Member *m, Error *e, const char *what, const char *verb, const char *operand) {
        _cleanup_free_ char *command = project_command(m->fleet->project, verb, operand);

        error_add_hint(e, "%s: %s", what, command);
}

static void add_hints(const Member *m, const char *unit, bool running, Error *e) {
        _cleanup_free_ char *logs = unit ? xasprintf("%s -u %s", m->at->name, unit) : xstrdup(m->at->name);

        add_hint(m, e, "more", "logs", logs);
        if (running && !m->fleet->options.rm_on_failure)
                add_hint(m, e, "look inside", "shell", m->at->name);
        add_hint(m, e, "start over", running && !m->fleet->options.rm_on_failure ? "restart" : "up",
                 m->at->name);
}

/* "exit status 3", "killed by SIGSEGV"; owned by the caller. */
static char *describe_status(int code, int status) {
        const char *signal = code == CLD_EXITED ? NULL : sigabbrev_np(status);

        if (code == CLD_EXITED)
                return xasprintf("exit status %d", status);
        return signal ? xasprintf("killed by SIG%s", signal) : xasprintf("killed by signal %d", status);
}

/* What the manager calls it, unless the status says as much. */
static const char *describe_result(const FailedUnit *u) {
        static const char *const plain[] = {"exit-code", "signal", "core-dump", "success"};

        for (size_t i = 0; i < ELEMENTSOF(plain); i++)
                if (!u->result || streq(u->result, plain[i]))
                        return NULL;
        return u->result;
}

char *failure_describe_unit(const FailedUnit *u) {
        _cleanup_strv_ char **parts = NULL;
        _cleanup_free_ char *how = NULL;
        const char *result = describe_result(u);

        if (result)
                strv_push(&parts, result);
        if (u->exec_code != 0 && (u->exec_code != CLD_EXITED || u->exec_status != 0))
                strv_push_take(&parts, describe_status(u->exec_code, u->exec_status));
        if (u->restarts > 0)
                strv_pushf(&parts, "%u restart%s", u->restarts, u->restarts > 1 ? "s" : "");
        how = strv_join(parts, ", ");
        return xasprintf("%s failed%s%s", u->name, parts ? ": " : "", how);
}

static void add_failed(const Member *m, const FailedUnit *u, Error *e) {
        (void) add_journal(m,
                           &(JournalUnit){.name = u->name,
                                          .invocation = u->invocation,
                                          .pid = u->pid,
                                          .started_usec = u->started_usec},
                           e);
}

static void explain_degraded(const Member *m, const FailedUnits *failed, Error *e) {
        _cleanup_free_ char *first = NULL;

        if (failed->n == 0) {
                (void) error_raise(e, FC_EXIT_FAILED, "the guest is degraded");
                add_hints(m, NULL, true, e);
                return;
        }
        sync_journal(m);
        first = failure_describe_unit(&failed->units[0]);
        (void) error_raise(e, FC_EXIT_FAILED, "%s", first);
        add_failed(m, &failed->units[0], e);
        for (size_t i = 1; i < failed->n; i++) {
                _cleanup_free_ char *text = failure_describe_unit(&failed->units[i]);

                error_add_evidence(e, "also: %s", text);
                add_failed(m, &failed->units[i], e);
        }
        if (failed->n_more > 0)
                error_add_evidence(e, "also: %zu more units", failed->n_more);
        /* The guest wrote this before it had a journal. */
        if (!e->evidence)
                add_console(m, e);
        add_hints(m, failed->units[0].name, true, e);
}

/* How long a unit has said nothing tells one that is slow from one that hangs. */
static void add_last_words(const Member *m, const char *unit, Error *e) {
        char age[FORMAT_DURATION_MAX];
        uint64_t last, now;

        sync_journal(m);
        last = add_journal(m, &(JournalUnit){.name = unit}, e);
        now = realtime_usec();
        if (last > 0 && last <= now)
                error_add_evidence(e, "nothing more for %s", format_duration(age, now - last));
}

static void explain_timeout(const Member *m, const ReadyResult *result, Error *e) {
        char duration[FORMAT_DURATION_MAX];

        (void) format_duration(duration, now_usec() - m->began_usec);
        (void) error_raise(e, FC_EXIT_TIMEOUT, "not %s after %s%s%s",
                           m->at->spec->one_shot ? "completed" : "ready", duration, result->text ? ": " : "",
                           result->text ? result->text : "");
        if (result->unit)
                add_last_words(m, result->unit, e);
        if (!e->evidence)
                add_console(m, e);
        add_hints(m, result->unit, true, e);
}

/* "exit status 3", "killed by SIGKILL, had run out of memory"; owned by the caller. */
static char *describe_end(const ExitRecord *end) {
        _cleanup_free_ char *how = NULL, *rest = exit_record_describe_rest(end);

        if (end->how == ENDED_UNKNOWN)
                return xstrdup("nobody knows how");
        if (end->how == ENDED_OTHER)
                return exit_record_to_string(end);
        how = describe_status(end->how == ENDED_EXITED ? CLD_EXITED : CLD_KILLED, end->code);
        return xasprintf("%s%s", how, rest);
}

static void explain_end(const Member *m, const ExitRecord *record, Error *e) {
        /* As it was written down when it was. */
        bool was_ready = m->state && m->state->phase == PHASE_READY;
        _cleanup_free_ char *end = describe_end(record);

        (void) error_raise(e, FC_EXIT_FAILED, "%s: %s",
                           m->at->spec->one_shot ? "failed"
                           : was_ready           ? "ended after it was ready"
                                                 : "ended before it was ready",
                           end);
        add_console(m, e);
        add_hints(m, NULL, false, e);
}

/* A program that gets no inotify instance says "Too many open files" at best. */
static void add_scarcity(Error *e) {
        InotifyUse use;

        if (inotify_count(&use, NULL) < 0 || !inotify_is_short(&use))
                return;
        error_add_evidence(e, "the host has hardly any inotify instances left: %u of %u are in use",
                           use.used, use.max);
        error_add_hint(e, "more: " INOTIFY_HINT);
}

void failure_explain(const Member *m, const ReadyResult *result, Error *reterr) {
        switch (result->outcome) {
        case READY_DEGRADED:
                explain_degraded(m, result->failed, reterr);
                break;
        case READY_TIMEOUT:
                explain_timeout(m, result, reterr);
                break;
        case READY_ENDED:
                explain_end(m, result->end, reterr);
                break;
        case READY_ERROR:
                error_move(reterr, result->error);
                add_console(m, reterr);
                break;
        case READY_OK:
                break;
        }
        if (result->outcome != READY_ERROR && result->outcome != READY_OK)
                add_scarcity(reterr);
        (void) error_in_container(reterr, 0, m->at->name);
}
