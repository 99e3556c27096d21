/* SPDX-License-Identifier: MIT */
#pragma once

/* The units of a guest that failed, and what is known of why. */

#include "bus/guest-bus.h"

/* A unit in the state "failed". What does not apply to its kind is zero. */
typedef struct FailedUnit {
        char *name;
        char *result; /* "exit-code", "signal", "timeout", "start-limit-hit", ... */
        /* CLD_EXITED, CLD_KILLED, CLD_DUMPED: of its main process, or else of the command that failed; 0:
         * none ended. */
        int exec_code;
        int exec_status;       /* exit status or signal, by exec_code */
        uint32_t restarts;     /* automatic restarts so far */
        pid_t pid;             /* of that process, in the guest; 0: none ended */
        uint64_t started_usec; /* of it, CLOCK_REALTIME; 0: none was started */
        char *invocation;      /* id of its last start, which its journal entries carry; NULL: unknown */
} FailedUnit;

typedef struct FailedUnits {
        FailedUnit *units; /* the first of them */
        size_t n;
        size_t n_more; /* that failed as well */
} FailedUnits;

void failed_units_done(FailedUnits *units);

/* Asks which units failed and how; `ret` is emptied by failed_units_done(). None is success with n == 0.
 * A unit whose details do not come in time has its name only. */
int guest_bus_get_failed_units(GuestBus *bus, FailedUnits *ret, Error *reterr);
