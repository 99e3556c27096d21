/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/epoll.h>

#include "backend/control.h"
#include "base/alloc.h"
#include "ready/ready.h"

struct ReadyJob {
        ReadyRequest request;
        sd_event *event;
        sd_event_source *control;
        sd_event_source *timer;
        sd_event_source *deferred;
        GuestBus *bus;
        GuestBootWatch *watch;
        pid_t leader;
        ManagerState booted; /* what the guest's manager ended its boot in */
        char *status;
        bool over;
};

ReadyJob *ready_job_free(ReadyJob *job) {
        if (!job)
                return NULL;
        sd_event_source_disable_unref(job->control);
        sd_event_source_disable_unref(job->timer);
        sd_event_source_disable_unref(job->deferred);
        (void) guest_boot_watch_free(job->watch);
        (void) guest_bus_free(job->bus);
        (void) safe_close(job->request.control_fd);
        (void) sd_event_unref(job->event);
        free(job->status);
        free(job);
        return NULL;
}

/* The last access to the job: `done` may free it. */
static void finish(ReadyJob *job, const ReadyResult *result) {
        if (job->over)
                return;
        job->over = true;
        (void) sd_event_source_set_enabled(job->control, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->deferred, SD_EVENT_OFF);
        job->request.done(result, job->request.userdata);
}

static void finish_error(ReadyJob *job, Error *error) {
        finish(job, &(ReadyResult){.outcome = READY_ERROR, .error = error});
        error_done(error);
}

static void finish_degraded(ReadyJob *job) {
        FailedUnits failed = {};
        Error error = ERROR_NULL;

        if (guest_bus_get_failed_units(job->bus, &failed, &error) < 0) {
                finish_error(job, &error);
                return;
        }
        finish(job, &(ReadyResult){.outcome = READY_DEGRADED, .failed = &failed});
        failed_units_done(&failed);
}

static void show_status(ReadyJob *job, const char *text) {
        free(job->status);
        job->status = xstrdup(text);
        if (job->request.status)
                job->request.status(text, job->request.userdata);
}

static int on_deferred(sd_event_source *s, void *userdata);

/* A connection must not be freed from its own callback, and `done` may free all. */
static void on_booted(ManagerState state, void *userdata) {
        ReadyJob *job = userdata;
        Error error = ERROR_NULL;

        /* On its way down: a supervisor that we listen to will tell how it ended. */
        if ((state == MANAGER_STOPPING || state == MANAGER_OFFLINE) && job->request.control_fd >= 0)
                return;
        job->booted = state;
        job->deferred = sd_event_source_disable_unref(job->deferred);
        if (sd_event_add_defer(job->event, &job->deferred, on_deferred, job) < 0) {
                (void) error_raise(&error, FC_EXIT_INTERNAL, "go on after the guest's boot");
                finish_error(job, &error);
                return;
        }
}

static int on_deferred(sd_event_source *s, void *userdata) {
        ReadyJob *job = userdata;

        if (job->booted == MANAGER_STOPPING || job->booted == MANAGER_OFFLINE)
                finish(job, &(ReadyResult){.outcome = READY_ENDED, .text = "it is shutting down"});
        else if (job->booted == MANAGER_DEGRADED || job->booted == MANAGER_MAINTENANCE)
                finish_degraded(job);
        else
                finish(job, &(ReadyResult){.outcome = READY_OK});
        return 0;
}

/* Asks the guest's manager, which knows of more than READY=1 says. */
static int watch_guest(ReadyJob *job, Error *reterr) {
        int r;

        r = job->request.connect(job->leader, &job->bus, reterr);
        if (r < 0)
                return r;
        if (!job->bus) {
                finish(job, &(ReadyResult){.outcome = READY_OK});
                return 0;
        }
        r = guest_bus_attach(job->bus, job->event, reterr);
        if (r < 0)
                return r;
        return guest_bus_watch_booted(job->bus, on_booted, job, &job->watch, reterr);
}

static void on_payload_ready(ReadyJob *job) {
        Error error = ERROR_NULL;

        if (!job->request.has_init || job->leader == 0) {
                finish(job, &(ReadyResult){.outcome = READY_OK});
                return;
        }
        if (job->bus)
                return; /* again, after a reboot of the guest */
        if (watch_guest(job, &error) >= 0)
                return;
        /* It was there a moment ago. If it is ending, that is what is reported; by the supervisor. */
        if (error.exit == FC_EXIT_NOT_RUNNING && job->request.control_fd >= 0) {
                error_done(&error);
                return;
        }
        finish_error(job, &error);
}

/* It failed, and is started again: the next one has to become ready. */
static void forget_guest(ReadyJob *job) {
        job->deferred = sd_event_source_disable_unref(job->deferred);
        job->watch = guest_boot_watch_free(job->watch);
        job->bus = guest_bus_free(job->bus);
        job->leader = 0;
}

static void on_restarting(ReadyJob *job, const char *reason) {
        _cleanup_free_ char *text = xasprintf("failed (%s), starting again", reason);

        forget_guest(job);
        show_status(job, text);
}

static void on_message(ReadyJob *job, const ControlMessage *m) {
        Error error = ERROR_NULL;

        switch (m->kind) {
        case CONTROL_LEADER:
                job->leader = (pid_t) strtol(m->text, NULL, 10);
                break;
        case CONTROL_NETWORK:
                break;
        case CONTROL_STATUS:
                show_status(job, m->text);
                break;
        case CONTROL_READY:
                on_payload_ready(job);
                break;
        case CONTROL_RESTARTING:
                on_restarting(job, m->text);
                break;
        case CONTROL_EXITED:
                finish(job, &(ReadyResult){.outcome = READY_ENDED, .text = m->text});
                break;
        case CONTROL_ERROR:
                (void) error_raise(&error, FC_EXIT_FAILED, "%s", m->text);
                finish_error(job, &error);
                break;
        default:
                break;
        }
}

static int on_control(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ReadyJob *job = userdata;
        ControlMessage message;
        int r;

        r = control_receive(fd, &message);
        if (r > 0)
                on_message(job, &message);
        else if (r == 0)
                /* It says EXITED or ERROR before it ends by itself. */
                finish(job, &(ReadyResult){.outcome = READY_ENDED, .text = "the supervisor was killed"});
        return 0;
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *userdata) {
        ReadyJob *job = userdata;

        finish(job, &(ReadyResult){.outcome = READY_TIMEOUT, .text = job->status});
        return 0;
}

static int on_running_already(sd_event_source *s, void *userdata) {
        on_payload_ready(userdata);
        return 0;
}

int ready_job_new(sd_event *event, const ReadyRequest *request, ReadyJob **ret, Error *reterr) {
        _cleanup_(ready_job_freep) ReadyJob *job = xmalloc0(sizeof(*job));
        int r;

        job->request = *request;
        job->leader = request->leader;
        job->event = sd_event_ref(event);
        if (request->control_fd >= 0)
                r = sd_event_add_io(event, &job->control, request->control_fd, EPOLLIN, on_control, job);
        else
                r = sd_event_add_defer(event, &job->deferred, on_running_already, job);
        if (r >= 0)
                r = sd_event_add_time(event, &job->timer, CLOCK_MONOTONIC, request->deadline_usec, 1,
                                      on_deadline, job);
        if (r < 0)
                return error_set(reterr, r, "watch a container");
        *ret = TAKE_PTR(job);
        return 0;
}
