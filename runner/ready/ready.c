/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-state.h"
#include "enter/manager.h"
#include "keeper/control.h"
#include "ready/ready-job.h"

/* Other containers wait meanwhile. A manager that is too busy to accept us at once is tried again. */
#define CONNECT_USEC (50 * USEC_PER_MSEC)

void ready_job_forget_guest(ReadyJob *job) {
        job->checks = checks_free(job->checks);
        job->units = guest_watch_free(job->units);
        job->boot = guest_boot_watch_free(job->boot);
        job->bus = guest_bus_free(job->bus);
        enter_target_done(&job->target);
        job->payload_cgroup_fd = safe_close(job->payload_cgroup_fd);
        job->had_manager = false;
}

ReadyJob *ready_job_free(ReadyJob *job) {
        if (!job)
                return NULL;
        sd_event_source_disable_unref(job->control);
        sd_event_source_disable_unref(job->end);
        sd_event_source_disable_unref(job->timer);
        sd_event_source_disable_unref(job->deferred);
        sd_event_source_disable_unref(job->retry);
        ready_job_forget_guest(job);
        (void) safe_close(job->request.control_fd);
        (void) machine_end_free(job->machine_end);
        (void) safe_close(job->end_fd);
        (void) sd_event_unref(job->event);
        free(job->status);
        free(job->waiting);
        free(job->unit);
        free(job);
        return NULL;
}

void ready_job_finish(ReadyJob *job, const ReadyResult *result) {
        if (job->over)
                return;
        job->over = true;
        job->settled = result->outcome == READY_OK && job->request.lost && !job->request.one_shot;
        job->ready_usec = now_usec();
        if (!job->settled) {
                (void) sd_event_source_set_enabled(job->control, SD_EVENT_OFF);
                (void) sd_event_source_set_enabled(job->end, SD_EVENT_OFF);
        }
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->deferred, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->retry, SD_EVENT_OFF);
        job->request.done(result, job->request.userdata);
}

static void ready_finish_error(ReadyJob *job, Error *error) {
        ready_job_finish(job, &(ReadyResult){.outcome = READY_ERROR, .error = error});
        error_done(error);
}

/* @text: as in its record. */
static void ready_finish_ended(ReadyJob *job, const char *text) {
        _cleanup_(exit_record_done) ExitRecord end = {};

        (void) exit_record_parse(text, &end);
        ready_job_finish(job, &(ReadyResult){.outcome = READY_ENDED, .end = &end});
}

/* It was there a moment ago. If it is ending, the end is what is reported, when it is seen. */
static void ready_finish_guest_error(ReadyJob *job, Error *error) {
        if (error->exit == FC_EXIT_NOT_RUNNING && (job->request.control_fd >= 0 || job->end_fd >= 0))
                error_done(error);
        else
                ready_finish_error(job, error);
}

/* @unit: that is in the way; may be NULL. */
static void ready_tell(ReadyJob *job, const ReadyProgress *progress, const char *unit) {
        free(job->waiting);
        free(job->unit);
        job->waiting = ready_progress_to_string(progress);
        job->unit = xstrdup(unit);
        if (job->request.progress)
                job->request.progress(progress, job->request.userdata);
}

/* ---- checks ---- */

static void ready_on_checks_changed(void *userdata) {
        ReadyJob *job = userdata;
        ReadyProgress progress = checks_progress(job->checks);

        if (progress.check)
                ready_tell(job, &progress, NULL);
}

static void ready_on_checks_done(void *userdata) {
        ready_job_finish(userdata, &(ReadyResult){.outcome = READY_OK});
}

int ready_job_open_target(ReadyJob *job, Error *reterr) {
        return job->target.pidfd >= 0 ? 0 : enter_target_open(job->leader, &job->target, reterr);
}

static int ready_try_checks(ReadyJob *job, Error *reterr) {
        ChecksRequest request = {
                .event = job->event,
                .target = &job->target,
                .container = job->request.container,
                .leader = job->leader,
                .payload_cgroup_fd = -EBADF,
                .checks = job->request.checks,
                .changed = ready_on_checks_changed,
                .done = ready_on_checks_done,
                .userdata = job,
        };
        int r;

        r = ready_job_open_target(job, reterr);
        if (r < 0)
                return r;
        if (request.checks->n_exec > 0 && !job->bus) {
                job->payload_cgroup_fd = job->request.open_payload_cgroup(job->request.userdata, reterr);
                if (job->payload_cgroup_fd < 0)
                        return job->payload_cgroup_fd;
                request.payload_cgroup_fd = job->payload_cgroup_fd;
        }
        return checks_new(&request, &job->checks, reterr);
}

static void ready_begin_checks(ReadyJob *job) {
        Error error = ERROR_NULL;

        job->rung = RUNG_CHECKS;
        if (!ready_checks_has_probes(job->request.checks)) {
                ready_job_finish(job, &(ReadyResult){.outcome = READY_OK});
                return;
        }
        if (ready_try_checks(job, &error) < 0) {
                ready_finish_guest_error(job, &error);
                return;
        }
        ready_on_checks_changed(job);
}

/* ---- units ---- */

/* A connection must not be freed from its own callback, and `done` may free all. */
static void ready_defer(ReadyJob *job, sd_event_handler_t handler) {
        Error error = ERROR_NULL;

        job->deferred = sd_event_source_disable_unref(job->deferred);
        if (sd_event_add_defer(job->event, &job->deferred, handler, job) >= 0)
                return;
        (void) error_raise(&error, FC_EXIT_INTERNAL, "go on waiting for the guest");
        ready_finish_error(job, &error);
}

static int ready_on_lost(sd_event_source *s, void *userdata);

/* Return: whether it was that. */
static bool ready_finish_degraded(ReadyJob *job, bool certain) {
        FailedUnits failed = {};
        Error error = ERROR_NULL;
        int r;

        r = guest_bus_get_failed_units(job->bus, &failed, &error);
        /* That it is degraded is known all the same. */
        if (r < 0 && (!certain || error.exit != FC_EXIT_TIMEOUT)) {
                ready_finish_guest_error(job, &error);
                return true;
        }
        error_done(&error);
        if (failed.n == 0 && !certain)
                return false;
        ready_job_finish(job, &(ReadyResult){.outcome = READY_DEGRADED, .failed = &failed});
        failed_units_done(&failed);
        return true;
}

/* An unknown state must not count as ready. */
static void ready_finish_unknown(ReadyJob *job) {
        Error error = ERROR_NULL;

        (void) error_raise(&error, FC_EXIT_FAILED,
                           "its systemd says that it is in a state that is not known");
        ready_finish_error(job, &error);
}

static void ready_finish_missing(ReadyJob *job, const char *text) {
        Error error = ERROR_NULL;

        (void) error_raise(&error, FC_EXIT_FAILED, "ready.units: %s", text);
        ready_finish_error(job, &error);
}

static void ready_on_units(WatchVerdict verdict, const char *unit, const char *text, void *userdata) {
        ReadyJob *job = userdata;

        switch (verdict) {
        case WATCH_FAILED:
                /* It may have been started again by now. */
                (void) ready_finish_degraded(job, /* certain= */ false);
                break;
        case WATCH_MISSING:
                ready_finish_missing(job, text);
                break;
        case WATCH_LOST:
                if (job->rung == RUNG_UNITS)
                        ready_defer(job, ready_on_lost);
                break;
        case WATCH_READY:
                if (job->rung == RUNG_UNITS)
                        ready_begin_checks(job);
                break;
        default:
                if (job->rung == RUNG_UNITS)
                        ready_tell(job, &(ReadyProgress){.rung = RUNG_UNITS, .text = text}, unit);
                break;
        }
}

static void ready_begin_units(ReadyJob *job) {
        Error error = ERROR_NULL;
        int r;

        job->rung = RUNG_UNITS;
        r = guest_watch_new(job->bus, job->event, job->request.checks->units, ready_on_units, job,
                            &job->units, &error);
        if (r < 0)
                ready_finish_guest_error(job, &error);
}

/* ---- boot ---- */

static int ready_on_settled(sd_event_source *s, void *userdata);

static void ready_on_booted(ManagerState state, void *userdata) {
        ReadyJob *job = userdata;

        /* On its way down: a supervisor that we listen to will tell how it ended. */
        if (ladder_after_boot(state, job->request.control_fd >= 0) == LADDER_STAY)
                return;
        if (state != MANAGER_OFFLINE)
                job->unheard_usec = 0;
        job->booted = state;
        ready_defer(job, state == MANAGER_OFFLINE ? ready_on_lost : ready_on_settled);
}

static int ready_on_settled(sd_event_source *s, void *userdata) {
        ReadyJob *job = userdata;

        switch (ladder_after_boot(job->booted, job->request.control_fd >= 0)) {
        case LADDER_ENDED:
                ready_finish_ended(job, "it is shutting down");
                break;
        case LADDER_DEGRADED:
                (void) ready_finish_degraded(job, /* certain= */ true);
                break;
        case LADDER_UNITS:
                ready_begin_units(job);
                break;
        default:
                ready_finish_unknown(job);
                break;
        }
        return 0;
}

static int ready_on_retry(sd_event_source *s, uint64_t usec, void *userdata);

/* There is no event for a manager that begins to listen. */
static int ready_schedule_retry(ReadyJob *job, Error *reterr) {
        uint64_t now = now_usec();
        int r;

        if (job->unheard_usec == 0)
                job->unheard_usec = now;
        job->retry = sd_event_source_disable_unref(job->retry);
        r = sd_event_add_time_relative(job->event, &job->retry, CLOCK_MONOTONIC,
                                       ladder_retry_pause(now - job->unheard_usec), 1, ready_on_retry, job);
        return r < 0 ? error_set(reterr, r, "wait for the container's systemd") : 0;
}

static int ready_watch_boot(ReadyJob *job, Error *reterr) {
        int r;

        job->had_manager = true;
        r = guest_bus_attach(job->bus, job->event, reterr);
        if (r < 0)
                return r;
        return guest_bus_watch_booted(job->bus, ready_on_booted, job, &job->boot, reterr);
}

/* What is known of a manager that has been tried. */
static LadderPeer ready_describe_peer(const ReadyJob *job) {
        return (LadderPeer){
                .connected = job->bus != NULL,
                .alive = job->bus || enter_target_is_alive(&job->target),
                .had_manager = job->had_manager,
                .is_systemd = !job->bus && enter_target_is_systemd(&job->target),
                .is_shutting_down = !job->bus && enter_target_is_shutting_down(&job->target),
                .is_told_of = job->request.control_fd >= 0,
                .unsure = job->request.unsure,
                .age_usec = process_age_usec(job->leader),
                .waited_usec = now_usec() - job->began_usec,
                .wants_units = job->request.checks->units != NULL,
        };
}

/* Asks the guest's manager, which knows of more than READY=1 says. */
static int ready_ask_guest(ReadyJob *job, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        LadderPeer peer = {};
        int r;

        r = ready_job_open_target(job, &error);
        if (r >= 0)
                r = manager_connect(&job->target, CONNECT_USEC, &job->bus, &error);
        if (r < 0 && error.exit != FC_EXIT_TIMEOUT) {
                error_move(reterr, &error);
                return r;
        }
        if (r >= 0)
                peer = ready_describe_peer(job);
        peer.busy = r < 0;
        switch (ladder_after_asking(&peer)) {
        case LADDER_RETRY:
                return ready_schedule_retry(job, reterr);
        case LADDER_BOOT:
                return ready_watch_boot(job, reterr);
        case LADDER_CHECKS:
                ready_begin_checks(job);
                return 0;
        case LADDER_NO_SYSTEMD:
                return error_raise(reterr, FC_EXIT_FAILED, "ready.units: its init is not systemd");
        default:
                return 0;
        }
}

/* The manager executes itself anew, and listens again in a moment; or it is on its way down, and its end
 * will be told. */
static int ready_on_lost(sd_event_source *s, void *userdata) {
        ReadyJob *job = userdata;
        Error error = ERROR_NULL;

        job->units = guest_watch_free(job->units);
        job->boot = guest_boot_watch_free(job->boot);
        job->bus = guest_bus_free(job->bus);
        job->rung = RUNG_BOOT;
        if (ready_schedule_retry(job, &error) < 0)
                ready_finish_error(job, &error);
        return 0;
}

static void ready_on_payload(ReadyJob *job) {
        LadderPayload payload = {
                .one_shot = job->request.one_shot,
                .has_init = job->request.has_init,
                .has_leader = job->leader > 0,
                .connected = job->bus != NULL,
                .rung = job->rung,
        };
        Error error = ERROR_NULL;
        LadderStep step = ladder_after_payload(&payload);

        if (step == LADDER_CHECKS)
                ready_begin_checks(job);
        else if (step == LADDER_ASK && ready_ask_guest(job, &error) < 0)
                ready_finish_guest_error(job, &error);
}

static int ready_on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        ready_on_payload(userdata);
        return 0;
}

/* Also after a reboot of the guest: then all begins anew. */
static void ready_on_leader(ReadyJob *job, pid_t leader) {
        job->deferred = sd_event_source_disable_unref(job->deferred);
        ready_job_forget_guest(job);
        job->leader = leader;
        job->rung = RUNG_BOOT;
        if (job->request.lost)
                ready_job_watch_leader(job);
        if (job->request.started)
                job->request.started(job->request.userdata);
        if (job->request.leader_only)
                ready_job_finish(job, &(ReadyResult){.outcome = READY_OK});
}

static void ready_show_status(ReadyJob *job, const char *text) {
        free(job->status);
        job->status = text[0] ? xstrdup(text) : NULL;
        if (job->request.progress && job->rung <= RUNG_BOOT)
                job->request.progress(&(ReadyProgress){.rung = RUNG_BOOT, .text = text},
                                      job->request.userdata);
}

/* It failed, and is started again: the next one has to become ready. */
static void ready_on_restarting(ReadyJob *job, const char *reason) {
        _cleanup_free_ char *text = xasprintf("failed (%s), starting again", reason);

        job->deferred = sd_event_source_disable_unref(job->deferred);
        ready_job_forget_guest(job);
        job->leader = 0;
        job->rung = RUNG_LEADER;
        free(job->status);
        job->status = TAKE_PTR(text);
        if (job->request.restarting)
                job->request.restarting(reason, job->request.userdata);
}

static void ready_on_message(ReadyJob *job, const ControlMessage *m) {
        Error error = ERROR_NULL;

        if (!ready_job_heeds(job, m->kind))
                return;
        ready_job_resume(job);
        switch (m->kind) {
        case CONTROL_LEADER:
                ready_on_leader(job, (pid_t) strtol(m->text, NULL, 10));
                break;
        case CONTROL_STATUS:
                ready_show_status(job, m->text);
                break;
        case CONTROL_READY:
                ready_on_payload(job);
                break;
        case CONTROL_RESTARTING:
                ready_on_restarting(job, m->text);
                break;
        case CONTROL_EXITED:
                ready_finish_ended(job, m->text);
                break;
        case CONTROL_ERROR:
                (void) error_raise(&error, FC_EXIT_FAILED, "%s", m->text);
                ready_finish_error(job, &error);
                break;
        case CONTROL_LOST:
                (void) error_raise(&error, FC_EXIT_HOST, "%s", m->text);
                error_add_hint(&error, "the container goes on; to wait for it again, run up");
                ready_finish_error(job, &error);
                break;
        default:
                break;
        }
}

static int ready_on_control(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ReadyJob *job = userdata;
        ControlMessage message;
        int r;

        r = control_receive(fd, &message);
        if (r > 0)
                ready_on_message(job, &message);
        else if (r == 0) {
                ready_job_resume(job);
                /* It says EXITED or ERROR before it ends by itself. */
                ready_finish_ended(job, "the supervisor was killed");
        }
        return 0;
}

static void ready_on_machine_ended(void *userdata) {
        ready_job_finish(userdata, &(ReadyResult){.outcome = READY_ENDED});
}

/* ---- ---- */

static int ready_on_running_already(sd_event_source *s, void *userdata) {
        ready_on_payload(userdata);
        return 0;
}

static int ready_on_gone_already(sd_event_source *s, void *userdata) {
        ready_job_finish(userdata, &(ReadyResult){.outcome = READY_ENDED});
        return 0;
}

static int ready_watch_running(ReadyJob *job, sd_event *event) {
        int r;

        job->rung = RUNG_BOOT;
        /* How a one-shot container has ended is known at the very end. Of any other the end of its PID 1 is
         * enough: it may be started again, but no process tells us. */
        if (job->request.one_shot) {
                r = machine_end_watch(event, job->request.machine, job->request.machine_status,
                                      ready_on_machine_ended, job, &job->machine_end, NULL);
                if (r < 0)
                        return r;
                return sd_event_add_defer(event, &job->deferred,
                                          r > 0 ? ready_on_running_already : ready_on_gone_already, job);
        }
        job->end_fd = process_open(job->leader);
        if (job->end_fd == -ESRCH)
                return sd_event_add_defer(event, &job->deferred, ready_on_gone_already, job);
        if (job->end_fd < 0)
                return job->end_fd;
        r = sd_event_add_io(event, &job->end, job->end_fd, EPOLLIN, ready_on_end, job);
        return r < 0 ? r : sd_event_add_defer(event, &job->deferred, ready_on_running_already, job);
}

int ready_job_new(sd_event *event, const ReadyRequest *request, ReadyJob **ret, Error *reterr) {
        _cleanup_(ready_job_freep) ReadyJob *job = xmalloc0(sizeof(*job));
        int r;

        job->request = *request;
        job->leader = request->leader;
        job->deadline_usec = request->deadline_usec;
        job->began_usec = now_usec();
        job->event = sd_event_ref(event);
        job->target = ENTER_TARGET_NULL;
        job->end_fd = job->payload_cgroup_fd = -EBADF;
        if (request->control_fd >= 0)
                r = sd_event_add_io(event, &job->control, request->control_fd, EPOLLIN, ready_on_control,
                                    job);
        else
                r = ready_watch_running(job, event);
        if (r >= 0)
                r = sd_event_add_time(event, &job->timer, CLOCK_MONOTONIC, request->deadline_usec, 1,
                                      ready_on_deadline, job);
        if (r < 0)
                return error_set(reterr, r, "watch a container");
        *ret = TAKE_PTR(job);
        return 0;
}
