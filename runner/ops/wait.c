/* SPDX-License-Identifier: MIT */

#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/process.h"
#include "drift/decide.h"
#include "ops/wait.h"
#include "ready/ready.h"
#include "running/health.h"
#include "running/run-records.h"
#include "running/running.h"
#include "running/watch.h"

typedef struct Wait {
        MachineWatch watch;
        uint64_t deadline_usec;
        struct WaitPart *parts; /* one for each container */
        bool named;             /* by the user */
        size_t n_left_out;
} Wait;

typedef struct WaitPart {
        Phase what; /* PHASE_READY, PHASE_STOPPED or PHASE_COMPLETED */
        ReadyJob *job;
} WaitPart;

static void wait_done(Wait *w) {
        for (size_t i = 0; i < w->watch.n; i++)
                (void) ready_job_free(w->parts[i].job);
        machine_watch_done(&w->watch);
        free(w->parts);
}

static Phase wait_what(const Watched *x) {
        return ((const WaitPart *) x->part)->what;
}

/* ---- ready ---- */

static void wait_on_ready(const ReadyResult *result, void *userdata) {
        Watched *x = userdata;

        switch (result->outcome) {
        case READY_OK:
                health_note(x->watch->project, x->name, &(FailedUnits){0});
                break;
        case READY_DEGRADED:
                if (result->failed->n > 0)
                        health_note(x->watch->project, x->name, result->failed);
                (void) error_raise(&x->error, FC_EXIT_FAILED, "%s failed",
                                   result->failed->n > 0 ? result->failed->units[0].name : "a unit");
                break;
        case READY_ENDED:
                (void) error_raise(&x->error, FC_EXIT_FAILED, "ended before it was ready");
                break;
        case READY_TIMEOUT:
                (void) error_raise(&x->error, FC_EXIT_TIMEOUT, "not ready%s%s", result->text ? ": " : "",
                                   result->text ? result->text : "");
                break;
        case READY_ERROR:
                error_move(&x->error, result->error);
                break;
        }
        x->over = true;
}

static int wait_open_payload_cgroup(void *userdata, Error *reterr) {
        const Watched *x = userdata;

        return machine_open_payload_cgroup(&x->status, x->watch->project->facts.cgroup_root, x->machine,
                                           reterr);
}

static int wait_ready_as_root(Watched *x, uint64_t deadline_usec, Error *reterr) {
        WaitPart *part = x->part;
        ReadyRequest request = {
                .container = x->name,
                .control_fd = -EBADF,
                .leader = x->status.leader,
                .unsure = true,
                .has_init = x->spec->init != NULL,
                .deadline_usec = deadline_usec,
                .checks = &x->spec->ready_checks,
                .open_payload_cgroup = wait_open_payload_cgroup,
                .done = wait_on_ready,
                .userdata = x,
        };

        return ready_job_new(x->watch->event, &request, &part->job, reterr);
}

/* ---- what is remembered ---- */

/* The outcome as far as it is known. Return: 1 known, 0 not yet, or a negative errno. */
static int wait_look_at_state(const Watched *x, bool running, Error *reterr) {
        const Project *project = x->watch->project;
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_(run_records_done) RunRecords records = {};
        _cleanup_free_ char *how = NULL;
        Phase what = wait_what(x), good = what == PHASE_READY ? PHASE_READY : PHASE_COMPLETED;
        int r;

        /* Before the state: a command that removes it has written the state. */
        r = run_records_read(project, x->name, &records, reterr);
        if (r >= 0)
                r = project_load_state(project, x->name, &state, reterr);
        if (r < 0)
                return r;
        if (state && !streq(state->boot_id, project->facts.boot_id))
                return 0;
        if (state && state->phase == good && running == (what == PHASE_READY))
                return 1;
        if (!running && what == PHASE_COMPLETED && exit_record_is_success(&records.end))
                return 1;
        if ((!state || state->phase != PHASE_FAILED) && (running || records.end.how == ENDED_UNKNOWN))
                return 0;
        if (state && state->phase == PHASE_FAILED && state->result)
                how = xstrdup(state->result);
        else
                how = exit_record_to_string(&records.end);
        return error_raise(reterr, FC_EXIT_FAILED, "%s", how ? how : "it failed");
}

static int wait_on_state_written(sd_event_source *source, const struct inotify_event *event,
                                 void *userdata) {
        Watched *x = userdata;

        if (!x->over)
                x->over = wait_look_at_state(x, /* running= */ true, &x->error) != 0;
        return 0;
}

/* The command that brings it up writes down what came of it. Only root can ask the container itself. */
static int wait_ready_as_user(Watched *x, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = state_dir_container_open(&x->watch->project->state, x->name, &fd, reterr);
        if (r < 0)
                return r;
        if (fd >= 0) {
                r = sd_event_add_inotify_fd(x->watch->event, NULL, fd, IN_MOVED_TO, wait_on_state_written,
                                            x);
                if (r < 0)
                        return error_set(reterr, r, "watch the state of '%s'", x->name);
        }
        return wait_look_at_state(x, /* running= */ true, reterr);
}

/* Only the command that runs its seed knows when that has come to its end. */
static bool wait_is_for_seed(const Watched *x) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;

        return x->spec->n_seed > 0 && project_load_state(x->watch->project, x->name, &state, NULL) >= 0 &&
               state && state->phase != PHASE_READY;
}

/* ---- the end ---- */

static void wait_on_end(Watched *x) {
        Phase what = wait_what(x);
        int r;

        if (x->over)
                return;
        r = what == PHASE_COMPLETED ? wait_look_at_state(x, /* running= */ false, &x->error) : 0;
        if (r == 0 && what != PHASE_STOPPED)
                (void) error_raise(&x->error, FC_EXIT_FAILED, "it was stopped before it was %s",
                                   phase_to_string(what));
        x->over = true;
}

/* Without names one that `up` would not start either is waited for only if another command has started it.
 * Return: 1, or a negative errno. */
static int wait_leave_out(Wait *w, const Watched *x, Error *reterr) {
        const Project *project = x->watch->project;
        _cleanup_(container_state_freep) ContainerState *state = NULL;

        if (w->named || project_load_state(project, x->name, &state, NULL) < 0 ||
            !decide_is_left_out(x->spec, state, x->machine, project->facts.boot_id))
                return running_raise_not(project, x->name, reterr);
        w->n_left_out++;
        return 1;
}

/* Return: 1 it is so already, 0 it is watched, or a negative errno. */
static int wait_begin(Wait *w, Watched *x, Error *reterr) {
        const Project *project = x->watch->project;
        Phase what = wait_what(x);
        int r;

        r = watched_look(x, reterr);
        if (r < 0)
                return r;
        if (!x->status.running) {
                if (what == PHASE_STOPPED)
                        return 1;
                r = what == PHASE_COMPLETED ? wait_look_at_state(x, /* running= */ false, reterr) : 0;
                return r != 0 ? r : wait_leave_out(w, x, reterr);
        }
        /* A container without a PID 1 is about to be started by a command, which will write the result.
         * Where no specification says what makes the container ready, that command has written it. */
        if (what == PHASE_READY && geteuid() == 0 && x->status.leader > 0 && x->spec && !wait_is_for_seed(x))
                return wait_ready_as_root(x, w->deadline_usec, reterr);
        r = watched_follow(x, wait_on_end, reterr);
        if (r == 0)
                return running_raise_not(project, x->name, reterr);
        if (r < 0 || what != PHASE_READY)
                return r < 0 ? r : 0;
        return wait_ready_as_user(x, reterr);
}

/* ---- ---- */

static int wait_on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Wait *w = userdata;

        for (size_t i = 0; i < w->watch.n; i++) {
                Watched *x = &w->watch.entries[i];

                /* A job that has the same deadline knows more. */
                if (x->over || w->parts[i].job)
                        continue;
                (void) error_raise(&x->error, FC_EXIT_TIMEOUT, "not %s", phase_to_string(wait_what(x)));
                x->over = true;
        }
        return 0;
}

static int wait_parse(const char *word, Phase *ret, Error *reterr) {
        Phase phase = phase_from_string(word);

        if (phase != PHASE_READY && phase != PHASE_STOPPED && phase != PHASE_COMPLETED)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--for: '%s': must be one of ready, stopped, completed", word);
        *ret = phase;
        return 0;
}

int wait_choose(const char *name, const ContainerSpec *spec, const char *word, Phase *ret, Error *reterr) {
        Phase what = spec && spec->one_shot ? PHASE_COMPLETED : PHASE_READY;

        if (word) {
                int r = wait_parse(word, &what, reterr);

                if (r < 0)
                        return r;
        }
        if (spec && what == PHASE_COMPLETED && !spec->one_shot)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "container '%s' is not oneShot and never completed", name);
        if (spec && what == PHASE_READY && spec->one_shot)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "container '%s' is oneShot and never ready, only completed", name);
        *ret = what;
        return 0;
}

int wait_for(Project *project, char *const *names, bool named, const char *word, uint64_t timeout_usec,
             Error *reterr) {
        _cleanup_(wait_done) Wait w = {.named = named};
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        w.deadline_usec = timeout_usec == UINT64_MAX ? UINT64_MAX : now_usec() + timeout_usec;
        w.parts = xnew0(WaitPart, strv_length(names));
        r = machine_watch_open(&w.watch, project, /* event= */ NULL, names, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < w.watch.n; i++) {
                Watched *x = &w.watch.entries[i];

                x->part = &w.parts[i];
                r = wait_choose(x->name, x->spec, word, &w.parts[i].what, reterr);
                if (r < 0)
                        return error_about_container(reterr, r, x->name);
        }
        r = sd_event_add_time(w.watch.event, NULL, CLOCK_MONOTONIC, w.deadline_usec, 1, wait_on_deadline,
                              &w);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        for (size_t i = 0; i < w.watch.n; i++) {
                Watched *x = &w.watch.entries[i];

                /* As soon as it is settled, one way or the other. */
                x->over = wait_begin(&w, x, &x->error) != 0;
        }
        if (w.n_left_out > 0 && w.n_left_out == w.watch.n)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "nothing runs, and each has 'profiles'");
        r = machine_watch_run(&w.watch, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < w.watch.n; i++)
                (void) error_in_container(&w.watch.entries[i].error, 0, w.watch.entries[i].name);
        return machine_watch_report(&w.watch);
}
