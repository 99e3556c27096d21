/* SPDX-License-Identifier: MIT */
#pragma once

/* Why a container is not ready: what failed, what it said itself, what to type next. Pure: what it takes is
 * gathered by fleet/failure-evidence.h. */

#include "bus/guest-failed.h"
#include "context/project.h"
#include "host/inotify.h"
#include "ready/ready.h"
#include "ready/seed-job.h"
#include "ready/switch-job.h"

typedef struct FailureCase {
        const Project *project; /* for the commands that hints name */
        const char *container;
        const ReadyResult *result;
        bool one_shot;
        bool was_ready;   /* and ended after that */
        bool old_root;    /* its root is of an earlier start, so that what is in it may be the cause */
        bool old_volumes; /* likewise volumes that are kept for it */
        bool switched;    /* it is going to go back to its old system, and what this is about is gone then */
        bool removed;     /* it is stopped again, so there is no inside to look at */
        uint64_t waited_usec; /* TIMEOUT */
        char ***unit_lines;   /* what each failed unit has said; TIMEOUT: the unit that is in the way */
        size_t n_unit_lines;
        uint64_t silent_usec;      /* since the last of these lines; UINT64_MAX: not known */
        char **console_lines;      /* the last of this start */
        const InotifyUse *inotify; /* where hardly any instances are left; else NULL */
} FailureCase;

/* Fills @reterr. READY_ERROR: the error is moved. */
void failure_tell(const FailureCase *c, Error *reterr);

/* Why its seed has not come to its end. @anew: what the next `up` makes anew for it; NULL: nothing */
void failure_tell_seed(const FailureCase *c, const ContainerSpec *spec, const SeedResult *result,
                       const char *anew, Error *reterr);

/* Why its system was not switched. */
void failure_tell_switch(const FailureCase *c, const SwitchResult *result, Error *reterr);

/* "exit status 4"; owned by the caller. */
char *failure_describe_switch(const SwitchResult *result);

/* "web.service failed: exit status 1, 2 restarts"; owned by the caller. */
char *failure_describe_unit(const FailedUnit *u);
