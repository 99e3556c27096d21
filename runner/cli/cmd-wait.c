/* SPDX-License-Identifier: MIT */

#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/process.h"
#include "cli/verbs.h"
#include "machine/machine-end.h"
#include "ops/health.h"
#include "ops/running.h"
#include "ready/ready.h"
#include "record/phase.h"
#include "screen/progress.h"

typedef struct WaitOptions {
        char *what;
        uint64_t timeout_usec;
} WaitOptions;

static const Option options[] = {
        {"for", 0, OPTION_STRING, offsetof(WaitOptions, what), "STATE",
         "ready, stopped or completed [ready; of a oneShot one completed]"},
        {"timeout", 't', OPTION_SECONDS, offsetof(WaitOptions, timeout_usec), "SECONDS",
         "How long to wait [as long as it takes]"},
};

static void defaults(void *target) {
        ((WaitOptions *) target)->timeout_usec = UINT64_MAX;
}

typedef struct Waiter Waiter;

typedef struct Waited {
        Waiter *waiter;
        const char *name;
        const ContainerSpec *spec; /* may be NULL */
        Phase what;                /* PHASE_READY, PHASE_STOPPED or PHASE_COMPLETED */
        MachineStatus status;
        char *machine;
        ReadyJob *job;
        MachineEnd *end;
        bool over;
        Error error;
} Waited;

struct Waiter {
        Project *project;
        sd_event *event;
        uint64_t deadline_usec;
        Waited *waited; /* does not move */
        size_t n_waited;
};

static void waiter_done(Waiter *w) {
        for (size_t i = 0; i < w->n_waited; i++) {
                Waited *x = &w->waited[i];

                (void) ready_job_free(x->job);
                (void) machine_end_free(x->end);
                error_done(&x->error);
                free(x->machine);
        }
        free(w->waited);
        (void) sd_event_unref(w->event);
}

static void look(Waiter *w) {
        for (size_t i = 0; i < w->n_waited; i++)
                if (!w->waited[i].over)
                        return;
        (void) sd_event_exit(w->event, 0);
}

static void over(Waited *x) {
        x->over = true;
        look(x->waiter);
}

/* ---- ready ---- */

static void on_ready(const ReadyResult *result, void *userdata) {
        Waited *x = userdata;

        switch (result->outcome) {
        case READY_OK:
                health_note(x->waiter->project, x->name, &(FailedUnits){0});
                break;
        case READY_DEGRADED:
                if (result->failed->n > 0)
                        health_note(x->waiter->project, x->name, result->failed);
                (void) error_raise(&x->error, FC_EXIT_FAILED, "%s: %s failed", x->name,
                                   result->failed->n > 0 ? result->failed->units[0].name : "a unit");
                break;
        case READY_ENDED:
                (void) error_raise(&x->error, FC_EXIT_FAILED, "%s: ended before it was ready", x->name);
                break;
        case READY_TIMEOUT:
                (void) error_raise(&x->error, FC_EXIT_TIMEOUT, "%s: not ready%s%s", x->name,
                                   result->text ? ": " : "", result->text ? result->text : "");
                break;
        case READY_ERROR:
                error_move(&x->error, result->error);
                (void) error_prefix(&x->error, 0, "%s", x->name);
                break;
        }
        over(x);
}

static int open_payload_cgroup(void *userdata, Error *reterr) {
        const Waited *x = userdata;

        return machine_open_payload_cgroup(&x->status, x->waiter->project->facts.cgroup_root, x->machine,
                                           reterr);
}

static int wait_ready_as_root(Waited *x, Error *reterr) {
        ReadyRequest request = {
                .container = x->name,
                .control_fd = -EBADF,
                .leader = x->status.leader,
                .unsure = true,
                .has_init = x->spec->init != NULL,
                .deadline_usec = x->waiter->deadline_usec,
                .checks = &x->spec->ready_checks,
                .open_payload_cgroup = open_payload_cgroup,
                .done = on_ready,
                .userdata = x,
        };

        return ready_job_new(x->waiter->event, &request, &x->job, reterr);
}

/* ---- what is remembered ---- */

/* The outcome as far as it is known. Return: 1 known, 0 not yet, or a negative errno. */
static int look_at_state(Waited *x, bool running, Error *reterr) {
        const Project *project = x->waiter->project;
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_(exit_record_done) ExitRecord end = {};
        _cleanup_free_ char *how = NULL;
        Phase good = x->what == PHASE_READY ? PHASE_READY : PHASE_COMPLETED;
        int r;

        /* Before the state: whoever removes it has written the state. */
        end = project_read_end(project, x->name);
        r = project_load_state(project, x->name, &state, reterr);
        if (r < 0)
                return r;
        if (state && !streq(state->boot_id, project->facts.boot_id))
                return 0;
        if (state && state->phase == good && running == (x->what == PHASE_READY))
                return 1;
        if (!running && x->what == PHASE_COMPLETED && exit_record_is_success(&end))
                return 1;
        if ((!state || state->phase != PHASE_FAILED) && (running || end.how == ENDED_UNKNOWN))
                return 0;
        if (state && state->phase == PHASE_FAILED && state->result)
                how = xstrdup(state->result);
        else
                how = exit_record_to_string(&end);
        return error_raise(reterr, FC_EXIT_FAILED, "%s: %s", x->name, how ? how : "it failed");
}

static void conclude(Waited *x, int r) {
        if (r != 0)
                over(x);
}

static int on_state_written(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        Waited *x = userdata;

        if (!x->over)
                conclude(x, look_at_state(x, /* running= */ true, &x->error));
        return 0;
}

/* Whoever brings it up writes down what came of it. Only root can ask the container itself. */
static int wait_ready_as_user(Waited *x, Error *reterr) {
        const Project *project = x->waiter->project;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = state_dir_container_open(&project->state, x->name, &fd, reterr);
        if (r < 0)
                return r;
        if (fd >= 0) {
                r = sd_event_add_inotify_fd(x->waiter->event, NULL, fd, IN_MOVED_TO, on_state_written, x);
                if (r < 0)
                        return error_set(reterr, r, "watch the state of '%s'", x->name);
        }
        return look_at_state(x, /* running= */ true, reterr);
}

/* ---- the end ---- */

static void on_end(void *userdata) {
        Waited *x = userdata;
        int r;

        if (x->over)
                return;
        r = x->what == PHASE_COMPLETED ? look_at_state(x, /* running= */ false, &x->error) : 0;
        if (r == 0 && x->what != PHASE_STOPPED)
                (void) error_raise(&x->error, FC_EXIT_FAILED, "%s: it was stopped before it was %s", x->name,
                                   phase_to_string(x->what));
        over(x);
}

static int watch_end(Waited *x, Error *reterr) {
        int r;

        r = machine_end_watch(x->waiter->event, x->machine, &x->status, on_end, x, &x->end, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", x->name);
        return r > 0 ? 0 : running_raise_not(x->waiter->project, x->name, reterr);
}

/* Return: 1 it is so already, 0 it is watched, or a negative errno. */
static int begin(Waited *x, Error *reterr) {
        const Project *project = x->waiter->project;
        int r;

        r = machine_query(project->facts.cgroup_root, x->machine, &x->status, reterr);
        if (r < 0)
                return r;
        if (!x->status.running) {
                if (x->what == PHASE_STOPPED)
                        return 1;
                r = x->what == PHASE_COMPLETED ? look_at_state(x, /* running= */ false, reterr) : 0;
                return r != 0 ? r : running_raise_not(project, x->name, reterr);
        }
        /* A container without a PID 1 is about to be started by a command, which will write the result.
         * Where no specification says what makes the container ready, that command has written it. */
        if (x->what == PHASE_READY && geteuid() == 0 && x->status.leader > 0 && x->spec)
                return wait_ready_as_root(x, reterr);
        r = watch_end(x, reterr);
        if (r < 0 || x->what != PHASE_READY)
                return r;
        return wait_ready_as_user(x, reterr);
}

/* ---- ---- */

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Waiter *w = userdata;

        for (size_t i = 0; i < w->n_waited; i++) {
                Waited *x = &w->waited[i];

                /* A job that has the same deadline knows more. */
                if (x->over || x->job)
                        continue;
                (void) error_raise(&x->error, FC_EXIT_TIMEOUT, "%s: not %s", x->name,
                                   phase_to_string(x->what));
                x->over = true;
        }
        look(w);
        return 0;
}

static int parse_what(const char *word, Phase *ret, Error *reterr) {
        Phase phase = phase_from_string(word);

        if (phase != PHASE_READY && phase != PHASE_STOPPED && phase != PHASE_COMPLETED)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "--for: '%s': must be one of ready, stopped, completed", word);
        *ret = phase;
        return 0;
}

static int choose(Waited *x, const char *word, Error *reterr) {
        x->what = x->spec && x->spec->one_shot ? PHASE_COMPLETED : PHASE_READY;
        if (word) {
                int r = parse_what(word, &x->what, reterr);

                if (r < 0)
                        return r;
        }
        if (x->spec && x->what == PHASE_COMPLETED && !x->spec->one_shot)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "container '%s' is not oneShot and never completed", x->name);
        if (x->spec && x->what == PHASE_READY && x->spec->one_shot)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "container '%s' is oneShot and never ready, only completed", x->name);
        return 0;
}

static int prepare(Waiter *w, Project *project, const WaitOptions *o, char *const *names, Error *reterr) {
        int r;

        w->project = project;
        w->deadline_usec = o->timeout_usec == UINT64_MAX ? UINT64_MAX : now_usec() + o->timeout_usec;
        w->waited = xnew0(Waited, strv_length(names));
        STRV_FOREACH (name, names) {
                Waited *x = &w->waited[w->n_waited++];

                *x = (Waited){
                        .waiter = w,
                        .name = *name,
                        .spec = project_container_spec(project, *name),
                        .machine = project_machine(project, *name),
                };
                r = choose(x, o->what, reterr);
                if (r < 0)
                        return r;
        }
        r = sd_event_new(&w->event);
        if (r >= 0)
                r = sd_event_add_time(w->event, NULL, CLOCK_MONOTONIC, w->deadline_usec, 1, on_deadline, w);
        return r < 0 ? error_set(reterr, r, "make an event loop") : 0;
}

static int wait_all(Waiter *w, Error *reterr) {
        int exit = FC_EXIT_OK, r;

        for (size_t i = 0; i < w->n_waited; i++) {
                Waited *x = &w->waited[i];

                x->over = begin(x, &x->error) != 0;
        }
        look(w);
        r = sd_event_loop(w->event);
        if (r < 0)
                return error_set(reterr, r, "run the event loop");
        for (size_t i = 0; i < w->n_waited; i++) {
                if (!error_is_set(&w->waited[i].error))
                        continue;
                report_error(stderr, &w->waited[i].error, w->project->progress);
                if (exit == FC_EXIT_OK)
                        exit = w->waited[i].error.exit;
        }
        return exit;
}

static int run(const ProjectRequest *request, const void *target, char *const *operands, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(waiter_done) Waiter w = {};
        _cleanup_strv_ char **names = NULL;
        int r;

        r = project_open_known(request, operands, &project, &names, reterr);
        if (r >= 0)
                r = facts_require(&project.facts, FACTS_CGROUP, reterr);
        if (r >= 0)
                r = prepare(&w, &project, target, names, reterr);
        return r < 0 ? r : wait_all(&w, reterr);
}

const Verb cmd_wait = {
        .name = "wait",
        .synopsis = "[NAME..]",
        .summary = "Wait until containers are ready, stopped or completed",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .target_size = sizeof(WaitOptions),
        .defaults = defaults,
        .max_operands = SIZE_MAX,
        .run = run,
};
