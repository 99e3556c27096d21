/* SPDX-License-Identifier: MIT */
#pragma once

/* Waiting until a container is usable, rung by rung: nspawn reports its leader, the payload says READY=1,
 * the guest's service manager has finished booting without a failed unit, the wanted units are active, the
 * checks have succeeded. All but the checks are events; nothing is asked twice. READY=1 alone is not enough:
 * a guest sends it although wanted units failed, even with a root file system that is read-only.
 *
 * Of a one-shot container only the end is waited for. */

#include <sys/types.h>

#include "base/systemd.h"
#include "bus/guest-failed.h"
#include "machine/machine.h"
#include "ready/ready-progress.h"
#include "record/exit-record.h"
#include "spec/spec.h"

typedef enum ReadyOutcome {
        READY_OK,
        READY_DEGRADED, /* it runs, with failed units */
        READY_ENDED,    /* the container ended before it was ready, or as it should */
        READY_TIMEOUT,
        READY_ERROR, /* we or the supervisor could not go on */
} ReadyOutcome;

typedef struct ReadyResult {
        ReadyOutcome outcome;
        const ExitRecord *end;     /* ENDED; NULL: how is not known here */
        const char *text;          /* TIMEOUT: what was waited for; may be NULL */
        const char *unit;          /* TIMEOUT: that is in the way; may be NULL */
        const FailedUnits *failed; /* DEGRADED */
        Error *error;              /* ERROR: may be moved */
} ReadyResult;

typedef struct ReadyJob ReadyJob;

typedef struct ReadyRequest {
        const char *container;
        int control_fd;      /* of a supervisor just started, owned by the job; -EBADF: it runs already */
        pid_t leader;        /* of a container that runs already */
        const char *machine; /* likewise, */
        const MachineStatus *machine_status; /* and what is known of it; borrowed by ready_job_new() */
        bool unsure;                         /* likewise: no command has found it ready yet */
        bool has_init; /* the payload is an init: it may have a service manager to ask */
        bool one_shot;
        bool leader_only;       /* it is enough that there is a PID 1 */
        uint64_t deadline_usec; /* CLOCK_MONOTONIC */
        const ReadyChecks *checks;

        /* The payload's cgroup, for commands where there is no systemd. Return: an fd, or a negative
         * errno. */
        int (*open_payload_cgroup)(void *userdata, Error *reterr);

        /* There is a PID 1. Also after each reboot of the guest; may be NULL. */
        void (*started)(void *userdata);

        /* How far it has come: the payload's STATUS= while it boots, then what is waited for; may be
         * NULL. */
        void (*progress)(const ReadyProgress *progress, void *userdata);

        /* It failed, and is started again; may be NULL. */
        void (*restarting)(const char *reason, void *userdata);

        /* Called from the loop, once, and once more after each `lost`. The job may be freed in it. */
        void (*done)(const ReadyResult *result, void *userdata);

        /* A container that was ready has ended or begun anew; `done` tells the outcome. NULL: a container
         * that is ready is not watched. */
        void (*lost)(void *userdata);
        void *userdata;
} ReadyRequest;

/* Is a container that `done` called ready still so? When not, `lost` has been called. */
bool ready_job_holds(ReadyJob *job);

int ready_job_new(sd_event *event, const ReadyRequest *request, ReadyJob **ret, Error *reterr);
ReadyJob *ready_job_free(ReadyJob *job);
DEFINE_FREEP(ReadyJob, ready_job_free);
