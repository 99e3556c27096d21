/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "enter/journal-sync.h"
#include "fleet/failure-evidence.h"
#include "fleet/fleet-switch.h"
#include "logs/journal.h"
#include "logs/line-reader.h"
#include "record/console-log.h"
#include "running/failure.h"
#include "running/running.h"

#define EVIDENCE_LINES 10
#define SYNC_USEC      USEC_PER_SEC

/* So that the last lines are among those that are read. */
static void evidence_sync_journal(const Member *m) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        MachineStatus now;

        if (running_query(m->fleet->project, m->at->name, &now, NULL) >= 0 && now.leader > 0 &&
            enter_target_open(now.leader, &target, NULL) >= 0)
                journal_sync(&target, SYNC_USEC);
}

/* What a unit said in its last start; the guest has the host's clock. Return: when it said the last of it,
 * 0: nothing. */
static uint64_t evidence_read_journal(const Member *m, const JournalUnit *unit, char ***ret) {
        _cleanup_close_ int fd =
                fs_open_beneath(m->resources.container_fd, "journal", O_RDONLY | O_DIRECTORY, 0, NULL);
        uint64_t since = m->state ? m->state->started_usec : 0, last = 0;
        char path[FS_PROC_FD_MAX];

        if (fd < 0 ||
            journal_unit_tail(fs_proc_fd(path, fd), unit, since, EVIDENCE_LINES, ret, &last, NULL) < 0)
                return 0;
        return *ret ? last : 0;
}

static char **evidence_read_console(const Member *m) {
        _cleanup_close_ int fd = -EBADF;
        char **lines = NULL;

        if (fs_open_file_beneath_optional(m->resources.container_fd, CONSOLE_LOG, &fd, NULL) < 0 || fd < 0 ||
            line_reader_tail(fd, m->resources.console_start, EVIDENCE_LINES, &lines, NULL) < 0)
                return NULL;
        return lines;
}

static void evidence_read_units(const Member *m, const FailedUnits *failed, FailureCase *c) {
        c->unit_lines = xnew0(char **, failed->n);
        c->n_unit_lines = failed->n;
        if (failed->n > 0)
                evidence_sync_journal(m);
        for (size_t i = 0; i < failed->n; i++) {
                const FailedUnit *u = &failed->units[i];

                (void) evidence_read_journal(m,
                                             &(JournalUnit){.name = u->name,
                                                            .invocation = u->invocation,
                                                            .pid = u->pid,
                                                            .started_usec = u->started_usec},
                                             &c->unit_lines[i]);
        }
}

static void evidence_read_unit(const Member *m, const char *unit, FailureCase *c) {
        uint64_t last, now;

        c->unit_lines = xnew0(char **, 1);
        c->n_unit_lines = 1;
        evidence_sync_journal(m);
        last = evidence_read_journal(m, &(JournalUnit){.name = unit}, &c->unit_lines[0]);
        now = realtime_usec();
        if (last > 0 && last <= now)
                c->silent_usec = now - last;
}

static bool evidence_has_volumes(const ContainerSpec *spec) {
        for (size_t i = 0; i < spec->n_volumes; i++)
                if (spec->volumes[i].source[0] == '@' || spec->volumes[i].overlay)
                        return true;
        return false;
}

void failure_explain(const Member *m, const ReadyResult *result, Error *reterr) {
        FailureCase c = {
                .project = m->fleet->project,
                .container = m->at->name,
                .result = result,
                .one_shot = m->at->spec->one_shot,
                /* As it was written down when it was. */
                .was_ready = m->state && m->state->phase == PHASE_READY,
                .old_root = m->old_root || (member_runs_on(m) && !m->at->spec->ephemeral),
                .old_volumes = (m->old_root || member_runs_on(m)) && evidence_has_volumes(m->at->spec),
                .removed = m->fleet->options.rm_on_failure,
                .switched = member_is_switching(m),
                .waited_usec = now_usec() - m->began_usec,
                .silent_usec = UINT64_MAX,
        };
        InotifyUse use;

        if (result->outcome == READY_DEGRADED)
                evidence_read_units(m, result->failed, &c);
        else if (result->outcome == READY_TIMEOUT && result->unit)
                evidence_read_unit(m, result->unit, &c);
        c.console_lines = evidence_read_console(m);
        if (result->outcome != READY_ERROR && inotify_count(&use, NULL) >= 0 && inotify_is_short(&use))
                c.inotify = &use;
        failure_tell(&c, reterr);
        for (size_t i = 0; i < c.n_unit_lines; i++)
                strv_free(c.unit_lines[i]);
        free(c.unit_lines);
        strv_free(c.console_lines);
}

void failure_explain_seed(const Member *m, const SeedResult *result, Error *reterr) {
        _cleanup_(seed_outlook_done) SeedOutlook outlook = {};
        _cleanup_free_ char *anew = NULL;
        const FailureCase c = {
                .project = m->fleet->project,
                .container = m->at->name,
                .old_volumes = evidence_has_volumes(m->at->spec),
                .removed = m->fleet->options.rm_on_failure,
        };

        /* As the next command finds it. */
        if (seed_look(m->fleet->project, m->at->spec, m->resources.container_fd, &outlook, NULL) >= 0 &&
            seed_outlook_discards(&outlook))
                anew = seed_describe_discards(outlook.discards_root, outlook.discards_volumes);
        failure_tell_seed(&c, m->at->spec, result, anew, reterr);
}

void failure_explain_switch(const Member *m, const SwitchResult *result, Error *reterr) {
        const FailureCase c = {
                .project = m->fleet->project,
                .container = m->at->name,
                .switched = true,
                .waited_usec = now_usec() - m->began_usec,
        };

        failure_tell_switch(&c, result, reterr);
}
