/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/process.h"
#include "bus/guest-job.h"
#include "bus/guest-state.h"
#include "bus/guest-watch.h"
#include "enter/manager.h"
#include "keeper/control.h"
#include "machine/machine-end.h"
#include "ready/checks.h"
#include "ready/ready.h"

/* For the questions about what is in the way, when the time is over already. */
#define LAST_QUESTION_USEC USEC_PER_SEC

/* The pause before a manager that does not listen is tried again: a part of the time that has passed,
 * within these limits. Another command may have just started it, or it may be executing itself anew. */
#define RETRY_USEC     (20 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (500 * USEC_PER_MSEC)
#define RETRY_PART     8

#define UNSURE_USEC USEC_PER_SEC

/* From the end of a container's PID 1 until its supervisor tells how it ended: the supervisor waits so
 * long for processes that do not die at once. */
#define NEWS_USEC (12 * USEC_PER_SEC)

/* Other containers wait meanwhile. A manager that is too busy to accept us at once is tried again. */
#define CONNECT_USEC (50 * USEC_PER_MSEC)

typedef enum Rung {
        RUNG_LEADER, /* until there is a PID 1 */
        RUNG_BOOT,   /* until it says READY=1, and its manager has nothing left to start */
        RUNG_UNITS,
        RUNG_CHECKS,
} Rung;

struct ReadyJob {
        ReadyRequest request;
        sd_event *event;
        sd_event_source *control;
        sd_event_source *end;
        sd_event_source *timer;
        sd_event_source *deferred;
        sd_event_source *retry;
        uint64_t began_usec;
        uint64_t unheard_usec; /* since when its manager has said nothing; 0: it has */
        int end_fd;
        MachineEnd *machine_end; /* of a one-shot container */
        pid_t leader;
        Rung rung;
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
        bool settled; /* it is over since it is ready, and its end is watched for */
};

/* What is known of this boot of the guest. */
static void forget_guest(ReadyJob *job) {
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
        forget_guest(job);
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

/* The last access to the job: `done` may free it. */
static void finish(ReadyJob *job, const ReadyResult *result) {
        if (job->over)
                return;
        job->over = true;
        job->settled = result->outcome == READY_OK && job->request.lost && !job->request.one_shot;
        if (!job->settled) {
                (void) sd_event_source_set_enabled(job->control, SD_EVENT_OFF);
                (void) sd_event_source_set_enabled(job->end, SD_EVENT_OFF);
        }
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->deferred, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(job->retry, SD_EVENT_OFF);
        job->request.done(result, job->request.userdata);
}

static void finish_error(ReadyJob *job, Error *error) {
        finish(job, &(ReadyResult){.outcome = READY_ERROR, .error = error});
        error_done(error);
}

/* @text: as in its record. */
static void finish_ended(ReadyJob *job, const char *text) {
        _cleanup_(exit_record_done) ExitRecord end = {};

        (void) exit_record_parse(text, &end);
        finish(job, &(ReadyResult){.outcome = READY_ENDED, .end = &end});
}

/* The container was ready and is not any more. Its deadline may have passed long ago: then it gets this
 * long until its supervisor tells what has become of it. */
static void resume(ReadyJob *job) {
        uint64_t deadline = now_usec() + NEWS_USEC;

        if (!job->settled)
                return;
        job->over = job->settled = false;
        forget_guest(job);
        job->leader = 0;
        job->rung = RUNG_LEADER;
        if (deadline < job->request.deadline_usec)
                deadline = job->request.deadline_usec;
        (void) sd_event_source_set_time(job->timer, deadline);
        (void) sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
        job->request.lost(job->request.userdata);
}

/* It was there a moment ago. If it is ending, that is what is reported, by whoever sees its end. */
static void finish_guest_error(ReadyJob *job, Error *error) {
        if (error->exit == FC_EXIT_NOT_RUNNING && (job->request.control_fd >= 0 || job->end_fd >= 0))
                error_done(error);
        else
                finish_error(job, error);
}

static void set_waiting(ReadyJob *job, const char *unit, const char *text) {
        free(job->waiting);
        free(job->unit);
        job->waiting = xstrdup(text);
        job->unit = xstrdup(unit);
        if (job->request.status && text)
                job->request.status(/* booted= */ true, text, job->request.userdata);
}

/* ---- checks ---- */

static void on_checks_changed(void *userdata) {
        ReadyJob *job = userdata;
        _cleanup_free_ char *text = checks_waiting(job->checks);

        set_waiting(job, NULL, text);
}

static void on_checks_done(void *userdata) {
        finish(userdata, &(ReadyResult){.outcome = READY_OK});
}

static int open_target(ReadyJob *job, Error *reterr) {
        return job->target.pidfd >= 0 ? 0 : enter_target_open(job->leader, &job->target, reterr);
}

static int try_checks(ReadyJob *job, Error *reterr) {
        ChecksRequest request = {
                .event = job->event,
                .target = &job->target,
                .container = job->request.container,
                .leader = job->leader,
                .payload_cgroup_fd = -EBADF,
                .checks = job->request.checks,
                .changed = on_checks_changed,
                .done = on_checks_done,
                .userdata = job,
        };
        int r;

        r = open_target(job, reterr);
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

static void begin_checks(ReadyJob *job) {
        Error error = ERROR_NULL;

        job->rung = RUNG_CHECKS;
        if (!ready_checks_has_probes(job->request.checks)) {
                finish(job, &(ReadyResult){.outcome = READY_OK});
                return;
        }
        if (try_checks(job, &error) < 0) {
                finish_guest_error(job, &error);
                return;
        }
        on_checks_changed(job);
}

/* ---- units ---- */

/* A connection must not be freed from its own callback, and `done` may free all. */
static void defer(ReadyJob *job, sd_event_handler_t handler) {
        Error error = ERROR_NULL;

        job->deferred = sd_event_source_disable_unref(job->deferred);
        if (sd_event_add_defer(job->event, &job->deferred, handler, job) >= 0)
                return;
        (void) error_raise(&error, FC_EXIT_INTERNAL, "go on waiting for the guest");
        finish_error(job, &error);
}

static int on_lost(sd_event_source *s, void *userdata);

/* Return: whether it was that. */
static bool finish_degraded(ReadyJob *job, bool certain) {
        FailedUnits failed = {};
        Error error = ERROR_NULL;
        int r;

        r = guest_bus_get_failed_units(job->bus, &failed, &error);
        /* That it is degraded is known all the same. */
        if (r < 0 && (!certain || error.exit != FC_EXIT_TIMEOUT)) {
                finish_guest_error(job, &error);
                return true;
        }
        error_done(&error);
        if (failed.n == 0 && !certain)
                return false;
        finish(job, &(ReadyResult){.outcome = READY_DEGRADED, .failed = &failed});
        failed_units_done(&failed);
        return true;
}

/* An unknown state must not count as ready. */
static void finish_unknown(ReadyJob *job) {
        Error error = ERROR_NULL;

        (void) error_raise(&error, FC_EXIT_FAILED,
                           "its systemd says that it is in a state that is not known");
        finish_error(job, &error);
}

static void finish_missing(ReadyJob *job, const char *text) {
        Error error = ERROR_NULL;

        (void) error_raise(&error, FC_EXIT_FAILED, "ready.units: %s", text);
        finish_error(job, &error);
}

static void on_units(WatchVerdict verdict, const char *unit, const char *text, void *userdata) {
        ReadyJob *job = userdata;

        switch (verdict) {
        case WATCH_FAILED:
                /* It may have been started again by now. */
                (void) finish_degraded(job, /* certain= */ false);
                break;
        case WATCH_MISSING:
                finish_missing(job, text);
                break;
        case WATCH_LOST:
                if (job->rung == RUNG_UNITS)
                        defer(job, on_lost);
                break;
        case WATCH_READY:
                if (job->rung == RUNG_UNITS)
                        begin_checks(job);
                break;
        default:
                if (job->rung == RUNG_UNITS) {
                        _cleanup_free_ char *units = xasprintf("units: %s", text);

                        set_waiting(job, unit, units);
                }
                break;
        }
}

static void begin_units(ReadyJob *job) {
        Error error = ERROR_NULL;
        int r;

        job->rung = RUNG_UNITS;
        r = guest_watch_new(job->bus, job->event, job->request.checks->units, on_units, job, &job->units,
                            &error);
        if (r < 0)
                finish_guest_error(job, &error);
}

/* ---- boot ---- */

static int on_settled(sd_event_source *s, void *userdata);

static void on_booted(ManagerState state, void *userdata) {
        ReadyJob *job = userdata;

        /* On its way down: a supervisor that we listen to will tell how it ended. */
        if (state == MANAGER_STOPPING && job->request.control_fd >= 0)
                return;
        if (state != MANAGER_OFFLINE)
                job->unheard_usec = 0;
        job->booted = state;
        defer(job, state == MANAGER_OFFLINE ? on_lost : on_settled);
}

static int on_settled(sd_event_source *s, void *userdata) {
        ReadyJob *job = userdata;

        if (job->booted == MANAGER_STOPPING)
                finish_ended(job, "it is shutting down");
        else if (job->booted == MANAGER_DEGRADED || job->booted == MANAGER_MAINTENANCE)
                (void) finish_degraded(job, /* certain= */ true);
        else if (job->booted == MANAGER_UNKNOWN)
                finish_unknown(job);
        else
                begin_units(job);
        return 0;
}

/* Nobody listens. A guest of ours has said READY=1, so that its systemd is on its way down, which somebody
 * will tell. One that we have only found may just as well be on its way up; before systemd has given itself
 * its name there is no telling what it will be. */
static bool may_listen_later(const ReadyJob *job) {
        return job->had_manager || enter_target_is_systemd(&job->target) ||
               enter_target_is_shutting_down(&job->target) ||
               (job->request.control_fd < 0 && job->request.unsure &&
                now_usec() < job->began_usec + UNSURE_USEC);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata);

/* There is no event for a manager that begins to listen. */
static int schedule_retry(ReadyJob *job, Error *reterr) {
        uint64_t now = now_usec(), pause;
        int r;

        if (job->unheard_usec == 0)
                job->unheard_usec = now;
        pause = (now - job->unheard_usec) / RETRY_PART;
        pause = pause < RETRY_USEC ? RETRY_USEC : pause > RETRY_MAX_USEC ? RETRY_MAX_USEC : pause;
        job->retry = sd_event_source_disable_unref(job->retry);
        r = sd_event_add_time_relative(job->event, &job->retry, CLOCK_MONOTONIC, pause, 1, on_retry, job);
        return r < 0 ? error_set(reterr, r, "wait for the container's systemd") : 0;
}

/* Asks the guest's manager, which knows of more than READY=1 says. */
static int watch_guest(ReadyJob *job, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        r = open_target(job, &error);
        if (r >= 0)
                r = manager_connect(&job->target, CONNECT_USEC, &job->bus, &error);
        if (r < 0 && error.exit == FC_EXIT_TIMEOUT)
                return schedule_retry(job, reterr);
        if (r < 0) {
                error_move(reterr, &error);
                return r;
        }
        /* Its end is told in another way. */
        if (!job->bus && !enter_target_is_alive(&job->target))
                return 0;
        if (!job->bus && may_listen_later(job))
                return schedule_retry(job, reterr);
        if (!job->bus && job->request.checks->units)
                return error_raise(reterr, FC_EXIT_FAILED, "ready.units: its init is not systemd");
        if (!job->bus) {
                begin_checks(job);
                return 0;
        }
        job->had_manager = true;
        r = guest_bus_attach(job->bus, job->event, reterr);
        if (r < 0)
                return r;
        return guest_bus_watch_booted(job->bus, on_booted, job, &job->boot, reterr);
}

/* The manager executes itself anew, and listens again in a moment; or it is on its way down, and its end
 * will be told. */
static int on_lost(sd_event_source *s, void *userdata) {
        ReadyJob *job = userdata;
        Error error = ERROR_NULL;

        job->units = guest_watch_free(job->units);
        job->boot = guest_boot_watch_free(job->boot);
        job->bus = guest_bus_free(job->bus);
        job->rung = RUNG_BOOT;
        if (schedule_retry(job, &error) < 0)
                finish_error(job, &error);
        return 0;
}

static void on_payload_ready(ReadyJob *job) {
        Error error = ERROR_NULL;

        if (job->request.one_shot || job->rung > RUNG_BOOT || job->bus)
                return;
        if (!job->request.has_init || job->leader == 0)
                begin_checks(job);
        else if (watch_guest(job, &error) < 0)
                finish_guest_error(job, &error);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        on_payload_ready(userdata);
        return 0;
}

static int on_leader_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ReadyJob *job = userdata;

        /* The control socket tells how it ended. */
        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        resume(job);
        return 0;
}

/* Without this the end still shows on the control socket, only later. */
static void watch_leader(ReadyJob *job) {
        job->end = sd_event_source_disable_unref(job->end);
        (void) safe_close(job->end_fd);
        job->end_fd = process_open(job->leader);
        if (job->end_fd >= 0)
                (void) sd_event_add_io(job->event, &job->end, job->end_fd, EPOLLIN, on_leader_end, job);
}

/* Also after a reboot of the guest: then all begins anew. */
static void on_leader(ReadyJob *job, pid_t leader) {
        job->deferred = sd_event_source_disable_unref(job->deferred);
        forget_guest(job);
        job->leader = leader;
        job->rung = RUNG_BOOT;
        if (job->request.lost)
                watch_leader(job);
        if (job->request.started)
                job->request.started(job->request.userdata);
        if (job->request.leader_only)
                finish(job, &(ReadyResult){.outcome = READY_OK});
}

static void show_status(ReadyJob *job, const char *text) {
        free(job->status);
        job->status = text[0] ? xstrdup(text) : NULL;
        if (job->request.status && job->rung <= RUNG_BOOT)
                job->request.status(/* booted= */ false, text, job->request.userdata);
}

/* It failed, and is started again: the next one has to become ready. */
static void on_restarting(ReadyJob *job, const char *reason) {
        _cleanup_free_ char *text = xasprintf("failed (%s), starting again", reason);

        job->deferred = sd_event_source_disable_unref(job->deferred);
        forget_guest(job);
        job->leader = 0;
        job->rung = RUNG_LEADER;
        free(job->status);
        job->status = TAKE_PTR(text);
        if (job->request.restarting)
                job->request.restarting(reason, job->request.userdata);
}

static void on_message(ReadyJob *job, const ControlMessage *m) {
        Error error = ERROR_NULL;

        if (job->settled && m->kind != CONTROL_LEADER && m->kind != CONTROL_RESTARTING &&
            m->kind != CONTROL_EXITED && m->kind != CONTROL_ERROR && m->kind != CONTROL_LOST)
                return;
        /* Nothing more will come from it, and nothing more is needed. */
        if (job->settled && (m->kind == CONTROL_ERROR || m->kind == CONTROL_LOST) && job->end_fd >= 0 &&
            process_wait(job->end_fd, 0) == 0)
                return;
        resume(job);
        switch (m->kind) {
        case CONTROL_LEADER:
                on_leader(job, (pid_t) strtol(m->text, NULL, 10));
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
                finish_ended(job, m->text);
                break;
        case CONTROL_ERROR:
                (void) error_raise(&error, FC_EXIT_FAILED, "%s", m->text);
                finish_error(job, &error);
                break;
        case CONTROL_LOST:
                (void) error_raise(&error, FC_EXIT_HOST, "%s", m->text);
                error_add_hint(&error, "the container goes on; to wait for it again, run up");
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
        else if (r == 0) {
                resume(job);
                /* It says EXITED or ERROR before it ends by itself. */
                finish_ended(job, "the supervisor was killed");
        }
        return 0;
}

static void on_machine_ended(void *userdata) {
        finish(userdata, &(ReadyResult){.outcome = READY_ENDED});
}

static int on_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        resume(userdata);
        finish(userdata, &(ReadyResult){.outcome = READY_ENDED});
        return 0;
}

/* ---- the deadline ---- */

static char *describe_job(const GuestJob *j) {
        uint64_t now = now_usec();

        if (j->since_usec == 0 || j->since_usec > now)
                return xasprintf("%s/%s is under way", j->unit, j->type);
        return xasprintf("%s/%s is under way for %.1f s", j->unit, j->type,
                         (double) (now - j->since_usec) / (double) USEC_PER_SEC);
}

/* What a guest that has not booted is busy with. */
static int ask_job(ReadyJob *job, GuestJob *ret) {
        _cleanup_(guest_bus_freep) GuestBus *own = NULL;
        uint64_t deadline = now_usec() + LAST_QUESTION_USEC;
        int r;

        if (job->leader == 0 || !job->request.has_init || open_target(job, NULL) < 0)
                return -ESRCH;
        if (!job->bus) {
                r = manager_open(&job->target, LAST_QUESTION_USEC, &own, NULL);
                if (r < 0)
                        return r;
                if (!own)
                        return -ENOTCONN;
        }
        guest_bus_set_deadline(job->bus ? job->bus : own, deadline);
        r = guest_bus_get_job(job->bus ? job->bus : own, ret, NULL);
        return r < 0 ? r : ret->unit ? 0 : -ENOENT;
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *userdata) {
        _cleanup_(guest_job_done) GuestJob guest_job = {0};
        _cleanup_free_ char *text = NULL;
        ReadyJob *job = userdata;
        ReadyResult result = {.outcome = READY_TIMEOUT};

        if (job->request.one_shot)
                result.text = "it has not ended";
        else if (job->rung > RUNG_BOOT) {
                result.text = job->waiting;
                result.unit = job->unit;
        } else if (ask_job(job, &guest_job) >= 0) {
                result.text = text = describe_job(&guest_job);
                result.unit = guest_job.unit;
        } else if (job->status)
                result.text = job->status;
        else
                result.text = job->leader == 0 ? "it has no PID 1 yet" : "its PID 1 has not said READY=1";
        finish(job, &result);
        return 0;
}

/* ---- ---- */

static int on_running_already(sd_event_source *s, void *userdata) {
        on_payload_ready(userdata);
        return 0;
}

static int on_gone_already(sd_event_source *s, void *userdata) {
        finish(userdata, &(ReadyResult){.outcome = READY_ENDED});
        return 0;
}

static int watch_running(ReadyJob *job, sd_event *event) {
        int r;

        job->rung = RUNG_BOOT;
        /* How a one-shot container has ended is known at the very end. Of any other the end of its PID 1 is
         * enough: it may be started again, but nobody tells us. */
        if (job->request.one_shot) {
                r = machine_end_watch(event, job->request.machine, job->request.machine_status,
                                      on_machine_ended, job, &job->machine_end, NULL);
                if (r < 0)
                        return r;
                return sd_event_add_defer(event, &job->deferred,
                                          r > 0 ? on_running_already : on_gone_already, job);
        }
        job->end_fd = process_open(job->leader);
        if (job->end_fd == -ESRCH)
                return sd_event_add_defer(event, &job->deferred, on_gone_already, job);
        if (job->end_fd < 0)
                return job->end_fd;
        r = sd_event_add_io(event, &job->end, job->end_fd, EPOLLIN, on_end, job);
        return r < 0 ? r : sd_event_add_defer(event, &job->deferred, on_running_already, job);
}

bool ready_job_holds(ReadyJob *job) {
        if (!job->settled)
                return false;
        if (job->end_fd < 0 || process_wait(job->end_fd, 0) == 0)
                return true;
        if (job->request.control_fd >= 0)
                resume(job);
        else
                (void) on_end(job->end, job->end_fd, EPOLLIN, job);
        return false;
}

int ready_job_new(sd_event *event, const ReadyRequest *request, ReadyJob **ret, Error *reterr) {
        _cleanup_(ready_job_freep) ReadyJob *job = xmalloc0(sizeof(*job));
        int r;

        job->request = *request;
        job->leader = request->leader;
        job->began_usec = now_usec();
        job->event = sd_event_ref(event);
        job->target = ENTER_TARGET_NULL;
        job->end_fd = job->payload_cgroup_fd = -EBADF;
        if (request->control_fd >= 0)
                r = sd_event_add_io(event, &job->control, request->control_fd, EPOLLIN, on_control, job);
        else
                r = watch_running(job, event);
        if (r >= 0)
                r = sd_event_add_time(event, &job->timer, CLOCK_MONOTONIC, request->deadline_usec, 1,
                                      on_deadline, job);
        if (r < 0)
                return error_set(reterr, r, "watch a container");
        *ret = TAKE_PTR(job);
        return 0;
}
