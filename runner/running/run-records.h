/* SPDX-License-Identifier: MIT */
#pragma once

/* What a container's directory in /run says of its run, read at once and wholly, or not at all: a record
 * that cannot be read must not be taken for one that is not there, of which it is said that a keeper was
 * killed. What the user who asks may not see is not there. */

#include "context/project.h"
#include "record/crash-record.h"
#include "record/exit-record.h"
#include "record/phase.h"
#include "record/stop-record.h"

typedef struct RunRecords {
        ExitRecord end; /* ENDED_UNKNOWN: the keeper could not write one, or a command has put it away */
        CrashRecord crashes;
        StopRecord stop;
        bool frozen; /* for a snapshot */
} RunRecords;

int run_records_read(const Project *project, const char *container, RunRecords *ret, Error *reterr);
void run_records_done(RunRecords *records);

/* Of one that runs: whether its end has been asked for, and it may be gone the next moment. */
int run_records_is_stopping(const Project *project, const char *container, bool *ret, Error *reterr);

/* What is known of an end without a record. */
#define KEEPER_KILLED "its supervisor was killed"

/* The event that tells how a container has ended. Pure. @ret_detail: owned by the caller, may be NULL. */
Phase run_records_tell_end(const RunRecords *records, char **ret_detail);

/* How it has ended. Where that cannot be read, that, with the reason. */
ExitRecord run_records_end(const Project *project, const char *container);
