/* SPDX-License-Identifier: MIT */
#pragma once

/* The decisions of ready.c, from what it has found out: which rung comes next, when to ask again, and what
 * to say when the time is over. Pure. */

#include "bus/guest-state.h"
#include "keeper/control.h"
#include "ready/ready-progress.h"

typedef enum LadderStep {
        LADDER_STAY,       /* an event will come */
        LADDER_ASK,        /* connect to the guest's manager */
        LADDER_RETRY,      /* try that again in a while: there is no event for it */
        LADDER_BOOT,       /* wait until the manager has booted */
        LADDER_UNITS,      /* wait for the wanted units */
        LADDER_CHECKS,     /* make the checks */
        LADDER_DEGRADED,   /* units have failed */
        LADDER_ENDED,      /* it is shutting down */
        LADDER_UNKNOWN,    /* a state that this program does not know must not count as ready */
        LADDER_NO_SYSTEMD, /* units are wanted, and there is no systemd that has any */
} LadderStep;

typedef struct LadderPayload {
        bool one_shot; /* only its end counts */
        bool has_init; /* it may have a manager */
        bool has_leader;
        bool connected; /* to the manager */
        ReadyRung rung;
} LadderPayload;

/* The payload has said READY=1, or runs already. */
LadderStep ladder_after_payload(const LadderPayload *payload);

typedef struct LadderPeer {
        bool connected;
        bool busy; /* its socket exists, but does not accept us in time */
        bool alive;
        bool had_manager; /* it listened before: it executes itself anew, or goes down */
        bool is_systemd, is_shutting_down;
        bool is_told_of;      /* we listen to the supervisor, which tells how it ends */
        bool unsure;          /* it runs already, and no command has found it ready yet */
        uint64_t age_usec;    /* of its PID 1 */
        uint64_t waited_usec; /* since we began */
        bool wants_units;
} LadderPeer;

/* The manager has been tried. */
LadderStep ladder_after_asking(const LadderPeer *peer);

/* @is_told_of: as above. */
LadderStep ladder_after_boot(ManagerState state, bool is_told_of);

/* @unheard_usec: for how long it has not listened. A part of that: another command may have just started it,
 * or it may be executing itself anew. */
uint64_t ladder_retry_pause(uint64_t unheard_usec);

/* Of a container that is ready already: does this message say anything new? @gone: its PID 1 has ended. */
bool ladder_heeds_when_ready(ControlKind kind, bool gone);

/* Until when news are waited for of a container that was ready and is not any more. @held_usec: for how long
 * it was; @n_before: how often it was lost before. The time for news begins anew only for one that had held
 * out: a guest that does nothing but reboot is ready for a moment each time, and would be waited for without
 * end. So would two that reboot out of step, so that it begins anew a few times only.
 * @deadline_usec: that of now. */
uint64_t ladder_deadline_after_loss(uint64_t now_usec, uint64_t held_usec, unsigned n_before,
                                    uint64_t deadline_usec);

typedef struct LadderTimeout {
        bool one_shot;
        bool has_init;
        bool has_leader;
        ReadyRung rung;
        const char *waiting; /* above RUNG_BOOT: for what */
        const char *status;  /* below: what the guest says that it is doing; may be NULL */
} LadderTimeout;

/* The time is over: what it was waiting for. Borrowed; NULL: nothing is known. */
const char *ladder_describe_timeout(const LadderTimeout *timeout);
