/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>

#include "backend/supervisor-client.h"
#include "base/alloc.h"
#include "base/process.h"

struct StopJob {
        sd_event_source *ended; /* the supervisor's pidfd, or a deferred event when there is none */
        sd_event_source *timer;
        char *cgroup_mount;
        char *machine;
        uint64_t timeout_usec;
        int supervisor_fd;
        StopMeans means;
        StopDone done;
        void *userdata;
};

StopJob *stop_job_free(StopJob *job) {
        if (!job)
                return NULL;
        sd_event_source_disable_unref(job->ended);
        sd_event_source_disable_unref(job->timer);
        (void) safe_close(job->supervisor_fd);
        free(job->cgroup_mount);
        free(job->machine);
        free(job);
        return NULL;
}

/* The supervisor has removed the cgroup; one that was killed has not, but all of its payload died with it.
 */
static void finish(StopJob *job) {
        Error error = ERROR_NULL;
        int r;

        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->ended, SD_EVENT_OFF);
        r = supervisor_kill(job->cgroup_mount, job->machine, &error);
        job->done(job, r, job->means, &error, job->userdata);
        error_done(&error);
}

static int on_ended(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        finish(userdata);
        return 0;
}

static int on_nothing_runs(sd_event_source *s, void *userdata) {
        finish(userdata);
        return 0;
}

static uint64_t grace(const StopJob *job) {
        return job->timeout_usec / 5 > USEC_PER_SEC ? job->timeout_usec / 5 : USEC_PER_SEC;
}

static void escalate(StopJob *job) {
        switch (job->means) {
        case STOP_NONE:
                job->means = STOP_HALTED;
                (void) process_signal(job->supervisor_fd, SIGTERM);
                (void) sd_event_source_set_time_relative(job->timer, job->timeout_usec);
                break;
        case STOP_HALTED:
                job->means = STOP_TERMINATED;
                (void) process_signal(job->supervisor_fd, SIGTERM);
                (void) sd_event_source_set_time_relative(job->timer, grace(job));
                break;
        default:
                job->means = STOP_KILLED;
                finish(job);
                return;
        }
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        escalate(userdata);
        return 0;
}

void stop_job_hurry(StopJob *job) {
        if (sd_event_source_get_enabled(job->ended, NULL) > 0)
                escalate(job);
}

static int watch(StopJob *job, sd_event *event, pid_t supervisor) {
        int r;

        if (supervisor > 0) {
                job->supervisor_fd = process_open(supervisor);
                if (job->supervisor_fd < 0 && job->supervisor_fd != -ESRCH)
                        return job->supervisor_fd;
        }
        if (job->supervisor_fd >= 0)
                r = sd_event_add_io(event, &job->ended, job->supervisor_fd, EPOLLIN, on_ended, job);
        else
                r = sd_event_add_defer(event, &job->ended, on_nothing_runs, job);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &job->timer, CLOCK_MONOTONIC, 0, 0, on_timer, job);
        if (r >= 0)
                r = sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        return r;
}

int stop_job_new(sd_event *event, const char *cgroup_mount, const char *machine, uint64_t timeout_usec,
                 StopDone done, void *userdata, StopJob **ret, Error *reterr) {
        _cleanup_(stop_job_freep) StopJob *job = xmalloc0(sizeof(*job));
        MachineStatus status;
        int r;

        *job = (StopJob){
                .cgroup_mount = xstrdup(cgroup_mount),
                .machine = xstrdup(machine),
                .timeout_usec = timeout_usec,
                .supervisor_fd = -EBADF,
                .done = done,
                .userdata = userdata,
        };
        r = supervisor_query(cgroup_mount, machine, &status, reterr);
        if (r < 0)
                return r;
        r = watch(job, event, status.supervisor);
        if (r < 0)
                return error_set(reterr, r, "watch machine '%s'", machine);
        /* Without a supervisor nothing can be asked to halt; what there is, is being killed by the kernel.
         */
        if (status.running && job->supervisor_fd < 0)
                job->means = STOP_KILLED;
        else if (job->supervisor_fd >= 0)
                escalate(job);
        *ret = TAKE_PTR(job);
        return 0;
}
