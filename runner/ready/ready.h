/* SPDX-License-Identifier: MIT */
#pragma once

/* Waiting until a container is usable: nspawn reports its leader, the payload says READY=1, and the guest's
 * service manager has finished booting without a failed unit. Each step is an event; nothing is asked twice.
 * READY=1 alone is not enough: a guest sends it although wanted units failed, even with a root file system
 * that is read-only. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "bus/guest-failed.h"
#include "bus/guest-state.h"

typedef enum ReadyOutcome {
        READY_OK,
        READY_DEGRADED, /* it runs, with failed units */
        READY_ENDED,    /* the container ended before it was ready */
        READY_TIMEOUT,
        READY_ERROR, /* we or the supervisor could not go on */
} ReadyOutcome;

typedef struct ReadyResult {
        ReadyOutcome outcome;
        const char *text; /* ENDED: "exited 1", "killed 9"; TIMEOUT: the payload's last STATUS=, or NULL */
        const FailedUnits *failed; /* DEGRADED */
        Error *error;              /* ERROR: may be moved */
} ReadyResult;

typedef struct ReadyJob ReadyJob;

typedef struct ReadyRequest {
        int control_fd;         /* of a supervisor just started, owned by the job; -EBADF: it runs already */
        pid_t leader;           /* of a container that runs already */
        bool has_init;          /* the payload is an init: it may have a service manager to ask */
        uint64_t deadline_usec; /* CLOCK_MONOTONIC */

        /* A connection to the guest's manager; `*ret` NULL: the payload has none. Short, but blocking. */
        int (*connect)(pid_t leader, GuestBus **ret, Error *reterr);

        /* The payload's STATUS=, or what is being waited for; may be NULL. */
        void (*status)(const char *text, void *userdata);

        /* Called once, from the loop. The job may be freed in it. */
        void (*done)(const ReadyResult *result, void *userdata);
        void *userdata;
} ReadyRequest;

int ready_job_new(sd_event *event, const ReadyRequest *request, ReadyJob **ret, Error *reterr);
ReadyJob *ready_job_free(ReadyJob *job);
DEFINE_FREEP(ReadyJob, ready_job_free);
