/* SPDX-License-Identifier: MIT */
#pragma once

/* How far a container is on the way to being ready, for the screen and for the event log. Pure. */

#include "base/macro.h"

typedef enum ReadyRung {
        RUNG_LEADER, /* until there is a PID 1 */
        RUNG_BOOT,   /* until it says READY=1, and its manager has nothing left to start */
        RUNG_UNITS,  /* until the wanted units are active */
        RUNG_CHECKS, /* until each check has succeeded */
} ReadyRung;

/* All that is pointed to is borrowed. */
typedef struct ReadyProgress {
        ReadyRung rung;
        const char *check; /* RUNG_CHECKS: that is waited for, as in "tcp 5432" */
        const char *text;  /* what the guest, the units or the check say; may be NULL */
} ReadyProgress;

/* As it is shown: "tcp 5432: Connection refused"; owned by the caller, NULL when there is nothing to say. */
char *ready_progress_to_string(const ReadyProgress *progress);

/* What is waited for on this rung: "boot", "units", or the check. Borrowed. */
const char *ready_progress_rung(const ReadyProgress *progress);
