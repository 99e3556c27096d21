/* SPDX-License-Identifier: MIT */

#include "enter/namespaces.h"
#include "ready/ladder.h"

/* The pause before a manager that does not listen is tried again: a part of the time that has passed,
 * within these limits. */
#define RETRY_USEC     (20 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (500 * USEC_PER_MSEC)
#define RETRY_PART     8

/* From the end of a container's PID 1 until its supervisor tells how it ended: the supervisor waits so
 * long for processes that do not die at once. */
#define NEWS_USEC (12 * USEC_PER_SEC)

/* A container that was ready for as long is not in a loop of which `up` could miss each moment. */
#define HELD_USEC USEC_PER_SEC

/* One that was lost as often may go on so for ever. */
#define LOSSES_MAX 3

LadderStep ladder_after_payload(const LadderPayload *p) {
        if (p->one_shot || p->rung > RUNG_BOOT || p->connected)
                return LADDER_STAY;
        return p->has_init && p->has_leader ? LADDER_ASK : LADDER_CHECKS;
}

/* A guest of ours has said READY=1, so that a systemd that does not listen is on its way down, and its end
 * will be told. One that we have only found may just as well be on its way up, also where a command has
 * found it ready before: it may have rebooted since. */
static bool may_listen_later(const LadderPeer *p) {
        return p->had_manager || p->is_systemd || p->is_shutting_down ||
               (!p->is_told_of &&
                (p->age_usec < ENTER_UNSURE_USEC || (p->unsure && p->waited_usec < ENTER_UNSURE_USEC)));
}

LadderStep ladder_after_asking(const LadderPeer *p) {
        if (p->busy)
                return LADDER_RETRY;
        if (p->connected)
                return LADDER_BOOT;
        /* Its end is told in another way. */
        if (!p->alive)
                return LADDER_STAY;
        if (may_listen_later(p))
                return LADDER_RETRY;
        return p->wants_units ? LADDER_NO_SYSTEMD : LADDER_CHECKS;
}

LadderStep ladder_after_boot(ManagerState state, bool is_told_of) {
        switch (state) {
        case MANAGER_INITIALIZING:
        case MANAGER_STARTING:
                return LADDER_STAY;
        case MANAGER_RUNNING:
                return LADDER_UNITS;
        case MANAGER_DEGRADED:
        case MANAGER_MAINTENANCE:
                return LADDER_DEGRADED;
        case MANAGER_STOPPING:
                return is_told_of ? LADDER_STAY : LADDER_ENDED;
        case MANAGER_OFFLINE:
                return LADDER_RETRY;
        default:
                return LADDER_UNKNOWN;
        }
}

uint64_t ladder_retry_pause(uint64_t unheard_usec) {
        uint64_t pause = unheard_usec / RETRY_PART;

        return pause < RETRY_USEC ? RETRY_USEC : pause > RETRY_MAX_USEC ? RETRY_MAX_USEC : pause;
}

bool ladder_heeds_when_ready(ControlKind kind, bool gone) {
        switch (kind) {
        case CONTROL_LEADER:
        case CONTROL_RESTARTING:
        case CONTROL_EXITED:
                return true;
        /* Nothing more will come from the supervisor. While its PID 1 lives, nothing more is needed. */
        case CONTROL_ERROR:
        case CONTROL_LOST:
                return gone;
        default:
                return false;
        }
}

uint64_t ladder_deadline_after_loss(uint64_t now_usec, uint64_t held_usec, unsigned n_before,
                                    uint64_t deadline_usec) {
        uint64_t news = now_usec + NEWS_USEC;

        if (n_before >= LOSSES_MAX || (n_before > 0 && held_usec < HELD_USEC))
                return deadline_usec;
        return news > deadline_usec ? news : deadline_usec;
}

const char *ladder_describe_timeout(const LadderTimeout *t) {
        if (t->one_shot)
                return "it has not ended";
        if (t->rung > RUNG_BOOT)
                return t->waiting;
        if (t->status)
                return t->status;
        if (!t->has_leader)
                return "it has no PID 1 yet";
        return t->has_init ? "its PID 1 has not said READY=1" : "its command has not said READY=1";
}
