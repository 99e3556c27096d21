/* SPDX-License-Identifier: MIT */
#pragma once

/* The life of a ReadyJob, for the files that share it: ready.c climbs the ladder, ready-hold.c watches what
 * is ready already, ready-deadline.c says what was in the way. */

#include "bus/guest-watch.h"
#include "enter/namespaces.h"
#include "machine/machine-end.h"
#include "ready/checks.h"
#include "ready/ladder.h"
#include "ready/ready.h"

struct ReadyJob {
        ReadyRequest request;
        sd_event *event;
        sd_event_source *control;
        sd_event_source *end;
        sd_event_source *timer;
        sd_event_source *deferred;
        sd_event_source *retry;
        uint64_t began_usec;
        uint64_t deadline_usec; /* the request's, or a later one since it was lost */
        uint64_t ready_usec;    /* when it was called ready last */
        uint64_t unheard_usec;  /* since when its manager has said nothing; 0: it has */
        int end_fd;
        MachineEnd *machine_end; /* of a one-shot container */
        pid_t leader;
        ReadyRung rung;
        EnterTarget target;
        GuestBus *bus;
        bool had_manager;
        GuestBootWatch *boot;
        GuestWatch *units;
        ManagerState booted; /* what the guest's manager ended its boot in */
        Checks *checks;
        int payload_cgroup_fd;
        char *status;         /* the payload's own word */
        char *waiting, *unit; /* what is waited for after it has booted */
        bool over;
        bool settled;    /* it is over since it is ready, and its end is watched for */
        unsigned n_lost; /* how often it was ready, and that was not the end of it */
};

/* What is known of this boot of the guest is so no more. */
void ready_job_forget_guest(ReadyJob *job);

/* The last access to the job: `done` may free it. */
void ready_job_finish(ReadyJob *job, const ReadyResult *result);

int ready_job_open_target(ReadyJob *job, Error *reterr);

/* Of a container that is ready: does the message say anything new? */
bool ready_job_heeds(const ReadyJob *job, ControlKind kind);

/* News of a container that was ready: it begins anew, and its end, if that is what it is, follows. Nothing
 * happens before it is ready. */
void ready_job_resume(ReadyJob *job);

/* Without this the end still shows on the control socket, only later. */
void ready_job_watch_leader(ReadyJob *job);

/* Handlers: the PID 1 of a container that ran already has ended; the time is over. */
int ready_on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata);
int ready_on_deadline(sd_event_source *source, uint64_t usec, void *userdata);
