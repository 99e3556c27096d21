/* SPDX-License-Identifier: MIT */
#pragma once

/* Runs the switch-to-configuration of a NixOS system inside, as a unit of the guest's manager: so it goes on
 * when that executes itself anew, and when what it restarts is what we would have come by. */

#include <sys/types.h>

#include "base/error.h"
#include "base/systemd.h"

/* What it exits with when the two systems have inits that cannot take over from each other. It has changed
 * nothing then. */
#define SWITCH_EXIT_OTHER_INIT 100

typedef struct SwitchResult {
        bool succeeded;
        bool stopped;   /* the container is ending, and it has with it */
        bool timed_out; /* it was ended, as it was by switch_job_stop(), */
        bool interrupted;
        int code, status; /* as in siginfo_t */
        char **lines;     /* what it said last */
} SwitchResult;

typedef struct SwitchRequest {
        sd_event *event;
        const char *container; /* all that is pointed to is borrowed until switch_job_new() returns */
        pid_t leader;
        const char *toplevel;
        uint64_t deadline_usec; /* CLOCK_MONOTONIC */

        /* It has said another line. Not safe for a terminal. */
        void (*says)(const char *line, void *userdata);

        /* Called once, from the loop; may free the job. */
        void (*done)(const SwitchResult *result, void *userdata);
        void *userdata;
} SwitchRequest;

typedef struct SwitchJob SwitchJob;

int switch_job_new(const SwitchRequest *request, SwitchJob **ret, Error *reterr);

/* Ends it as a service is ended, first by SIGTERM; `done` tells when that is over. */
void switch_job_stop(SwitchJob *job);

SwitchJob *switch_job_free(SwitchJob *job);
DEFINE_FREEP(SwitchJob, switch_job_free);
