/* SPDX-License-Identifier: MIT */
#pragma once

/* The checks of a container that must each succeed once: connections to its ports and sockets, requests,
 * commands. All of them side by side, inside the container, at once and then again and again: what they ask
 * has no event to wait for. */

#include "base/systemd.h"
#include "enter/namespaces.h"
#include "ready/ready-progress.h"
#include "spec/spec.h"

typedef struct ChecksRequest {
        sd_event *event;
        const EnterTarget *target; /* borrowed, as all that is pointed to */
        const char *container;
        pid_t leader;
        int payload_cgroup_fd; /* for commands where there is no systemd; may be -EBADF */
        const ReadyChecks *checks;

        /* checks_progress() says something else now. */
        void (*changed)(void *userdata);

        /* All have succeeded. May free the checks. */
        void (*done)(void *userdata);
        void *userdata;
} ChecksRequest;

typedef struct Checks Checks;

/* Everything happens from the loop. */
int checks_new(const ChecksRequest *request, Checks **ret, Error *reterr);

/* What is under way is broken off, commands are killed. */
Checks *checks_free(Checks *checks);
DEFINE_FREEP(Checks, checks_free);

/* Which check has not succeeded yet, and what came of it the last time; no check: all have. Borrowed. */
ReadyProgress checks_progress(const Checks *checks);
