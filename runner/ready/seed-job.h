/* SPDX-License-Identifier: MIT */
#pragma once

/* The steps that fill a container once, in turn, each with a deadline of its own. */

#include <sys/types.h>

#include "base/error.h"
#include "base/systemd.h"
#include "spec/spec.h"

typedef struct SeedResult {
        bool succeeded;
        bool timed_out; /* the step that it ended with, which failed otherwise, */
        size_t step;
        int code, status; /* as in siginfo_t; */
        int errnum;       /* or it was not even begun */
        char **lines;     /* what that step said last */
} SeedResult;

typedef struct SeedRequest {
        sd_event *event;
        const char *container; /* all that is pointed to is borrowed as long as the job lives */
        pid_t leader;
        int payload_cgroup_fd; /* for containers without systemd; the job's own, closed with it */
        const SeedStep *steps;
        size_t n_steps;
        const int *files; /* what each step reads: an SQL file, or -EBADF */

        /* A step begins. */
        void (*progress)(size_t step, void *userdata);

        /* Called from the loop; may free the job. Not when a step ended because the container is
         * ending: the caller watches for that, and frees the job. */
        void (*done)(const SeedResult *result, void *userdata);
        void *userdata;
} SeedRequest;

typedef struct SeedJob SeedJob;

/* Everything happens from the loop. */
int seed_job_new(const SeedRequest *request, SeedJob **ret, Error *reterr);

/* A step that runs is ended. */
SeedJob *seed_job_free(SeedJob *job);
DEFINE_FREEP(SeedJob, seed_job_free);
