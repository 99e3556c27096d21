/* SPDX-License-Identifier: MIT */

/* A container that is ready and is still watched: while `up` waits for others it may end or begin anew, and
 * at the last look all that it has called ready must be so. */

#include <sys/epoll.h>

#include "base/process.h"
#include "ready/ready-job.h"

void ready_job_resume(ReadyJob *job) {
        uint64_t now = now_usec();

        if (!job->settled)
                return;
        job->over = job->settled = false;
        ready_job_forget_guest(job);
        job->leader = 0;
        job->rung = RUNG_LEADER;
        job->deadline_usec =
                ladder_deadline_after_loss(now, now - job->ready_usec, job->n_lost++, job->deadline_usec);
        (void) sd_event_source_set_time(job->timer, job->deadline_usec);
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
        job->request.lost(job->request.userdata);
}

/* Whether its PID 1 is known to live. */
static bool ready_leader_lives(const ReadyJob *job) {
        return job->end_fd >= 0 && process_wait(job->end_fd, 0) == 0;
}

bool ready_job_heeds(const ReadyJob *job, ControlKind kind) {
        return !job->settled || ladder_heeds_when_ready(kind, !ready_leader_lives(job));
}

static int ready_on_leader_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ReadyJob *job = userdata;

        /* The control socket tells how it ended. */
        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        ready_job_resume(job);
        return 0;
}

void ready_job_watch_leader(ReadyJob *job) {
        job->end = sd_event_source_disable_unref(job->end);
        (void) safe_close(job->end_fd);
        job->end_fd = process_open(job->leader);
        if (job->end_fd >= 0)
                (void) sd_event_add_io(job->event, &job->end, job->end_fd, EPOLLIN, ready_on_leader_end,
                                       job);
}

int ready_on_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ready_job_resume(userdata);
        ready_job_finish(userdata, &(ReadyResult){.outcome = READY_ENDED});
        return 0;
}

bool ready_job_holds(ReadyJob *job) {
        if (!job->settled)
                return false;
        if (job->end_fd < 0 || ready_leader_lives(job))
                return true;
        if (job->request.control_fd >= 0)
                ready_job_resume(job);
        else
                (void) ready_on_end(job->end, job->end_fd, EPOLLIN, job);
        return false;
}
