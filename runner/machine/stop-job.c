/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "machine/stop-job.h"

/* How long a machine that is to end at once may take to put itself away. */
#define HURRY_USEC USEC_PER_SEC

StopJob *stop_job_free(StopJob *job) {
        if (!job)
                return NULL;
        if (job->watch)
                job->backend->stop_end(job);
        sd_event_source_disable_unref(job->nothing);
        sd_event_source_disable_unref(job->timer);
        (void) sd_event_unref(job->event);
        free(job->cgroup_mount);
        free(job->machine);
        free(job);
        return NULL;
}

/* A machine that ended in order has put itself away; one that was killed has not. The last access to the
 * job: `done` may free it. */
void stop_job_ended(StopJob *job) {
        Error error = ERROR_NULL;
        int r;

        if (job->over)
                return;
        job->over = true;
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->nothing, SD_EVENT_OFF);
        r = machine_kill(job->cgroup_mount, job->machine, &error);
        job->done(job, r, job->means, &error, job->userdata);
        error_done(&error);
}

static int on_nothing_runs(sd_event_source *s, void *userdata) {
        stop_job_ended(userdata);
        return 0;
}

static uint64_t grace(const StopJob *job) {
        return job->timeout_usec / 5 > USEC_PER_SEC ? job->timeout_usec / 5 : USEC_PER_SEC;
}

static void escalate(StopJob *job) {
        switch (job->means) {
        case STOP_NONE:
                job->means = STOP_HALTED;
                job->backend->stop_ask(job, job->means);
                (void) sd_event_source_set_time_relative(job->timer, job->timeout_usec);
                break;
        case STOP_HALTED:
                job->means = STOP_TERMINATED;
                job->backend->stop_ask(job, job->means);
                (void) sd_event_source_set_time_relative(job->timer, grace(job));
                break;
        default:
                job->means = STOP_KILLED;
                stop_job_ended(job);
                return;
        }
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
}

static int stop_job_on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        escalate(userdata);
        return 0;
}

void stop_job_hurry(StopJob *job) {
        bool in_order = job->means == STOP_HALTED;

        if (job->over || job->means == STOP_NONE)
                return;
        escalate(job);
        /* A guest that has only begun to boot hears no signal yet. */
        if (in_order)
                (void) sd_event_source_set_time_relative(job->timer, HURRY_USEC);
}

/* Return: 1 it can be asked to halt, 0 it is not there or going. */
static int stop_job_begin(StopJob *job, Error *reterr) {
        MachineStatus status;
        int r;

        r = machine_query(job->cgroup_mount, job->machine, &status, reterr);
        if (r < 0)
                return r;
        job->backend = status.backend;
        r = status.running ? status.backend->stop_begin(job, &status, reterr) : 0;
        return r < 0 ? error_prefix(reterr, r, "watch machine '%s'", job->machine) : r;
}

int stop_job_new(sd_event *event, const char *cgroup_mount, const char *machine, uint64_t timeout_usec,
                 StopDone done, void *userdata, StopJob **ret, Error *reterr) {
        _cleanup_(stop_job_freep) StopJob *job = xmalloc0(sizeof(*job));
        int askable, r;

        *job = (StopJob){
                .event = sd_event_ref(event),
                .cgroup_mount = xstrdup(cgroup_mount),
                .machine = xstrdup(machine),
                .timeout_usec = timeout_usec,
                .done = done,
                .userdata = userdata,
        };
        askable = stop_job_begin(job, reterr);
        if (askable < 0)
                return askable;
        r = sd_event_add_time_relative(event, &job->timer, CLOCK_MONOTONIC, 0, 0, stop_job_on_timer, job);
        if (r >= 0)
                r = sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        if (r >= 0 && askable == 0)
                r = sd_event_add_defer(event, &job->nothing, on_nothing_runs, job);
        if (r < 0)
                return error_set(reterr, r, "watch machine '%s'", machine);
        if (askable > 0)
                escalate(job);
        *ret = TAKE_PTR(job);
        return 0;
}
