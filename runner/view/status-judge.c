/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/time-text.h"
#include "running/run-records.h"
#include "view/status-judge.h"

void status_judge_down(ContainerStatus *c, const StatusFacts *f) {
        const ExitRecord *end = f->end;
        bool known = end->how != ENDED_UNKNOWN;

        c->phase = PHASE_STOPPED;
        if (!c->state) {
                strv_push(&c->notes, "never started");
                return;
        }
        if (c->state->phase == PHASE_STOPPED)
                return;
        if (c->state->phase == PHASE_COMPLETED) {
                c->phase = PHASE_COMPLETED;
                return;
        }
        if (!streq(c->state->boot_id, f->boot_id)) {
                strv_push(&c->notes, strncmp(c->state->boot_id, f->boot_id, HOST_BOOT_DIGITS) == 0
                                             ? "ended by a logout; to keep it: loginctl enable-linger"
                                             : "the host was rebooted");
                return;
        }
        if (c->state->phase == PHASE_FAILED && c->state->result) {
                c->phase = PHASE_FAILED;
                strv_push(&c->notes, c->state->result);
                return;
        }
        if (!streq(c->state->machine, c->machine)) {
                strv_push(&c->notes, "it ran last by another path of the project");
                return;
        }
        /* A command asked for this end. The state does not say so where it could not be written. */
        if (c->stopping)
                return;
        if (!known && c->state->phase == PHASE_STARTING && f->being_started) {
                c->phase = PHASE_STARTING;
                return;
        }
        if (exit_record_is_success(end) && f->spec && f->spec->one_shot) {
                c->phase = PHASE_COMPLETED;
                return;
        }
        if (exit_record_is_success(end)) {
                strv_push(&c->notes, "shut down by itself");
                return;
        }
        /* After restarts it says how it ended only when it has given up. */
        c->phase = known && c->crashes.restarts > 0 ? PHASE_FAILED : PHASE_CRASHED;
        strv_push_take(&c->notes, known ? exit_record_to_string(end) : xstrdup(KEEPER_KILLED));
}

/* Its systemd can be asked by the project's other path. */
void status_judge_elsewhere(ContainerStatus *c, const char *where) {
        c->phase = PHASE_ELSEWHERE;
        strv_pushf(&c->notes, "runs as %s", where);
}

/* Only a command that has waited for it knows whether what is listed under `ready` answers, and whether it
 * is seeded, too. */
static bool status_is_ready(const ContainerStatus *c, const ContainerSpec *spec) {
        if (c->state && c->state->phase == PHASE_READY)
                return true;
        /* A service that keeps crashing and being restarted leaves its manager "running" most of the time:
         * only another `up`, which looks for long enough, tells that a start that failed has succeeded
         * since. */
        if (c->state && c->state->phase == PHASE_FAILED)
                return false;
        return !spec || (!spec->ready_checks.units && !ready_checks_has_probes(&spec->ready_checks) &&
                         spec->n_seed == 0);
}

void status_judge_manager(ContainerStatus *c, const ContainerSpec *spec, ManagerState state) {
        switch (state) {
        case MANAGER_RUNNING:
                c->ready = status_is_ready(c, spec);
                c->phase = !c->ready && c->state && c->state->phase == PHASE_FAILED ? PHASE_DEGRADED
                                                                                    : PHASE_RUNNING;
                if (c->ready)
                        c->notes = strv_free(c->notes);
                break;
        case MANAGER_INITIALIZING:
        case MANAGER_STARTING:
                c->phase = PHASE_STARTING;
                c->ready = false;
                break;
        case MANAGER_STOPPING:
        case MANAGER_OFFLINE:
                c->phase = PHASE_STOPPING;
                c->ready = false;
                break;
        default:
                c->phase = PHASE_DEGRADED;
                c->ready = false;
                c->notes = strv_free(c->notes);
                if (state == MANAGER_UNKNOWN)
                        strv_push(&c->notes, "its systemd says that it is in a state that is not known");
                break;
        }
}

/* By itself: then what was remembered by a command is not about it as it runs now. */
static bool status_has_started_again(const ContainerStatus *c) {
        return c->crashes.restarts > 0 || c->crashes.reboots > 0;
}

bool status_judge_up(ContainerStatus *c) {
        c->ready = c->state && c->state->phase == PHASE_READY &&
                   (!status_has_started_again(c) || c->crashes.ready_usec > 0);
        c->phase = c->ready ? PHASE_RUNNING : PHASE_STARTING;
        if (c->frozen) {
                c->phase = c->paused ? PHASE_PAUSED : PHASE_FROZEN;
                c->ready = false;
                return false;
        }
        /* It has no PID 1 any more, or a record says that it was asked to end. */
        if (c->stopping || (c->ready && c->leader == 0)) {
                c->phase = PHASE_STOPPING;
                c->ready = false;
                return false;
        }
        if (c->state && c->state->phase == PHASE_SEEDING) {
                c->phase = PHASE_SEEDING;
                return false;
        }
        if (c->state && c->state->phase == PHASE_FAILED) {
                c->phase = PHASE_DEGRADED;
                if (c->state->result)
                        strv_push(&c->notes, c->state->result);
        }
        return c->leader > 0;
}

void status_judge_unseeded(ContainerStatus *c) {
        c->phase = PHASE_DEGRADED;
        strv_push(&c->notes, "its seed was interrupted, run up");
}

/* It may have changed since it was started. */
void status_judge_silence(ContainerStatus *c) {
        c->phase = PHASE_DEGRADED;
        c->ready = false;
        strv_push(&c->notes, "its systemd does not answer");
}

void status_note_failed(ContainerStatus *c, const FailedUnits *failed) {
        for (size_t i = 0; i < failed->n; i++)
                strv_pushf(&c->notes, "%s failed", failed->units[i].name);
        if (failed->n_more > 0)
                strv_pushf(&c->notes, "%zu more units failed", failed->n_more);
}

void status_note_reboots(ContainerStatus *c) {
        const CrashRecord *crashes = &c->crashes;

        if (crashes->reboots > 0 && crashes->ready_usec == 0)
                strv_pushf(&c->notes, "rebooted %u time%s, not ready since", crashes->reboots,
                           crashes->reboots > 1 ? "s" : "");
}

char **status_notes(const ContainerStatus *c, uint64_t now) {
        const CrashRecord *crashes = &c->crashes;
        char **notes = strv_copy(c->notes), ago[FORMAT_DURATION_MAX];

        if (!c->running || crashes->restarts == 0)
                return notes;
        (void) format_duration(ago, now > crashes->crash_usec ? now - crashes->crash_usec : 0);
        strv_pushf(&notes, "crashed %s ago (%s), restarted %u time%s", ago, crashes->reason,
                   crashes->restarts, crashes->restarts > 1 ? "s" : "");
        return notes;
}

uint64_t status_ready_since(const ContainerStatus *c) {
        if (!c->running || !c->state || c->state->ready_usec == 0)
                return 0;
        return status_has_started_again(c) ? c->crashes.ready_usec : c->state->ready_usec;
}
