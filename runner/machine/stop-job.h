/* SPDX-License-Identifier: MIT */
#pragma once

/* What a backend sees of a StopJob (machine.h). Its three functions:
 *
 *     stop_begin   watch for the end of the machine, then call stop_job_ended() from the event loop. Return:
 *                  1 when it can be asked to halt; 0 when it has ended meanwhile, or is ending in a way that
 *                  no command has asked for, which goes to @means
 *     stop_ask     STOP_HALTED: halt in order; STOP_TERMINATED: kill its PID 1. What comes after that, the
 *                  killing of all of it, is the backend's kill()
 *     stop_end     free @watch */

#include "machine/machine.h"

struct StopJob {
        const Backend *backend; /* NULL: the machine does not run */
        sd_event *event;
        char *cgroup_mount;
        char *machine;
        void *watch; /* the backend's own */
        sd_event_source *nothing;
        sd_event_source *timer;
        uint64_t timeout_usec;
        StopMeans means;
        bool over;
        StopDone done;
        void *userdata;
};

void stop_job_ended(StopJob *job);
