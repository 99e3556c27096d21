/* SPDX-License-Identifier: MIT */
#pragma once

/* What the supervisor notes when a container starts again, since it had failed or rebooted, for `status`: a
 * file in the container's directory in /run, which goes with the next start that a command makes. */

#include "base/error.h"

typedef struct CrashRecord {
        unsigned restarts;   /* after failures, since a command started it */
        unsigned reboots;    /* likewise, from inside; both 0: it has not started again */
        uint64_t crash_usec; /* the last time it failed, CLOCK_REALTIME */
        uint64_t ready_usec; /* when its payload was ready again, 0: not yet */
        char reason[128];    /* "exited 1", "killed 9" */
} CrashRecord;

int crash_record_write(int runtime_fd, const CrashRecord *record, Error *reterr);

/* The text of a record. Return: false when it is damaged. Pure. */
bool crash_record_parse(const char *text, CrashRecord *ret);

/* A missing record is success with restarts == 0. */
int crash_record_read(int runtime_fd, CrashRecord *ret, Error *reterr);

/* A missing one is success. */
int crash_record_remove(int runtime_fd, Error *reterr);
