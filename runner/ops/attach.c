/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/process.h"
#include "context/locks.h"
#include "context/shared-use.h"
#include "ops/attach.h"
#include "ops/hooks.h"
#include "running/log-sources.h"
#include "running/watch.h"
#include "screen/error-print.h"
#include "state/runtime-dir.h"
#include "view/status-list.h"

typedef struct Attached {
        MachineWatch watch;
        LogView *view;
        Progress *progress;
        bool interrupted;
        Error error;
} Attached;

/* ---- preparing ---- */

/* Where to read from: the start of this run's output where the fleet started the container, else the current
 * end. */
static uint64_t attach_console_begin(const Project *project, const Fleet *fleet, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/console.log", name);
        uint64_t start;
        struct stat st;

        if (fleet_console_start(fleet, name, &start))
                return start;
        return fstatat(project->state.fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : (uint64_t) st.st_size;
}

/* When the fleet has come up: where each console's log begins. */
static int attach_find_sources(Project *project, const Fleet *fleet, char *const *names, LogSources *ret,
                               Error *reterr) {
        int r;

        r = log_sources_find(project, names, ret, reterr);
        for (size_t i = 0; r >= 0 && i < ret->n; i++) {
                LogSource *source = &ret->sources[i];
                const ContainerSpec *c = project_container_spec(project, source->container);

                source->console_timed = true;
                source->console_from = attach_console_begin(project, fleet, source->container);
                /* What is remembered is about what ran before. */
                if (c)
                        source->on_console = c->command != NULL;
        }
        return r;
}

/* ---- watching ---- */

static void attached_done(Attached *a) {
        (void) log_view_free(a->view);
        (void) progress_free(a->progress);
        machine_watch_done(&a->watch);
        error_done(&a->error);
}

static int attach_on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Attached *a = userdata;

        a->interrupted = a->watch.stopped = true;
        return 0;
}

static int attach_follow(Attached *a, Watched *x, Error *reterr);

static void attach_on_end(Watched *x) {
        Attached *a = x->part;
        int r;

        /* When another command has restarted it, it is another machine that counts now. */
        r = attach_follow(a, x, &a->error);
        if (x->over)
                progress_update(a->progress, x->name, PHASE_ENDED, NULL);
        if (r < 0)
                (void) sd_event_exit(a->watch.event, r);
}

static int attach_follow(Attached *a, Watched *x, Error *reterr) {
        int r;

        r = watched_look(x, reterr);
        if (r < 0)
                return error_in_container(reterr, r, x->name);
        r = watched_follow(x, attach_on_end, reterr);
        if (r < 0)
                return r;
        x->over = r == 0;
        return 0;
}

static int attach_follow_all(Attached *a, Error *reterr) {
        for (size_t i = 0; i < a->watch.n; i++) {
                int r = attach_follow(a, &a->watch.entries[i], reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int attach_begin(Attached *a, Project *project, char *const *names, const LogRequest *request,
                        Error *reterr) {
        int r;

        a->progress = progress_new(project->progress, stderr, names);
        r = machine_watch_open(&a->watch, project, /* event= */ NULL, names, reterr);
        if (r < 0)
                return r;
        r = machine_watch_add_signals(&a->watch, attach_on_signal, a, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < a->watch.n; i++)
                a->watch.entries[i].part = a;
        r = attach_follow_all(a, reterr);
        return r < 0 ? r : log_view_new(request, a->watch.event, stdout, &a->view, reterr);
}

/* Until all have ended, a signal comes, or the reader of the logs has gone. */
static int attach_stay(Attached *a, Error *reterr) {
        int r, exit;

        r = machine_watch_run(&a->watch, reterr);
        if (r < 0 || sd_event_get_state(a->watch.event) != SD_EVENT_FINISHED)
                return r;
        a->interrupted = true;
        r = sd_event_get_exit_code(a->watch.event, &exit);
        if (r < 0 || exit >= 0)
                return 0;
        (void) error_set(reterr, exit, "follow the containers");
        if (error_is_set(&a->error))
                error_move(reterr, &a->error);
        else
                log_view_error(a->view, reterr);
        return exit;
}

/* ---- ending ---- */

static int attach_finish_logs(Attached *a, Error *reterr) {
        int r = log_view_finish(a->view, reterr);

        return r == -EPIPE ? 0 : r;
}

static int attach_stop_all(Attached *a, const FleetOptions *up, char *const *names, Error *reterr) {
        FleetOptions options = FLEET_OPTIONS(up->verb);
        _cleanup_strv_ char **stopped = strv_copy(names);
        _cleanup_(shared_stop_done) SharedStop shared = SHARED_STOP_NULL;
        _cleanup_(fleet_freep) Fleet *down = NULL;
        int r, exit;

        /* The fleet has its own use for them. */
        machine_watch_drop_signals(&a->watch);
        /* The logs go on meanwhile, unless their reader has gone. */
        if (sd_event_get_state(a->watch.event) != SD_EVENT_FINISHED) {
                options.event = a->watch.event;
                log_view_keep_loop(a->view);
        }
        options.interrupted = true;
        r = shared_stop_begin(a->watch.project, &stopped, up->verb, &shared, reterr);
        if (r < 0)
                return r;
        down = fleet_new(&options, a->watch.project);
        exit = fleet_take_down(down, stopped, reterr);
        exit = shared_stop_end(a->watch.project, &shared, exit, reterr);
        if (exit < 0)
                return exit;
        r = attach_finish_logs(a, reterr);
        if (r < 0)
                return r;
        return fleet_was_hurried(down) ? FC_EXIT_INTERRUPTED : fleet_report(down);
}

/* A command that restarts one of them holds its lock meanwhile. @ret: whether one runs again. */
static int attach_look_again(Attached *a, const char *verb, char *const *names, bool *ret, Error *reterr) {
        const Project *project = a->watch.project;
        _cleanup_close_ int runtime_fd = -EBADF;
        Lock *locks;
        int r;

        runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (runtime_fd < 0)
                return runtime_fd;
        r = locks_take(
                &(LocksRequest){
                        .runtime_fd = runtime_fd, .verb = verb, .names = names, .progress = a->progress},
                &locks, reterr);
        if (r < 0)
                return r;
        *ret = false;
        r = machine_watch_look(&a->watch, reterr);
        for (size_t i = 0; r >= 0 && i < a->watch.n; i++)
                *ret = *ret || a->watch.entries[i].status.running;
        (void) locks_free(locks, a->watch.n);
        return r;
}

/* How they ended that have ended by themselves. */
static int attach_tell_ends(Project *project, char *const *names, Error *reterr) {
        _cleanup_(status_list_done) StatusList list = {};
        int r, exit = FC_EXIT_OK;

        r = status_list_gather(project, names, &list, reterr);
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                const ContainerStatus *c = &list.entries[i];
                _cleanup_free_ char *notes = c->notes ? strv_join(c->notes, "; ") : NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;

                if (c->phase != PHASE_CRASHED && c->phase != PHASE_FAILED)
                        continue;
                (void) error_raise(&error, FC_EXIT_FAILED, "%s%s%s", phase_to_string(c->phase),
                                   notes ? ": " : "", notes ? notes : "");
                (void) error_in_container(&error, 0, c->name);
                report_error(stderr, &error, project->progress);
                exit = FC_EXIT_FAILED;
        }
        return r < 0 ? r : exit;
}

static int attach_run(Project *project, const FleetOptions *options, LogRequest *request, char *const *names,
                      Error *reterr) {
        _cleanup_(attached_done) Attached a = {};
        bool again = false;
        int r;

        if (project->progress == PROGRESS_AUTO)
                project->progress = PROGRESS_PLAIN;
        (void) signal(SIGPIPE, SIG_IGN);
        request->follow = true;
        request->output = project->globals->json ? LOG_OUTPUT_JSON : LOG_OUTPUT_SHORT;
        request->no_console_times = true;
        r = attach_begin(&a, project, names, request, reterr);
        do {
                if (r >= 0)
                        r = attach_stay(&a, reterr);
                if (r < 0)
                        return r;
                if (a.interrupted)
                        return attach_stop_all(&a, options, names, reterr);
                r = attach_look_again(&a, options->verb, names, &again, reterr);
                if (r >= 0 && again)
                        r = attach_follow_all(&a, reterr);
        } while (r >= 0 && again);
        if (r >= 0)
                r = attach_finish_logs(&a, reterr);
        return r < 0 ? r : attach_tell_ends(project, names, reterr);
}

int attach_up(const FleetOptions *options, Project *project, char *const *names, char *const *asked,
              bool restart, Error *reterr) {
        _cleanup_(log_sources_done) LogSources sources = LOG_SOURCES_NULL;
        _cleanup_(fleet_freep) Fleet *fleet = fleet_new(options, project);
        _cleanup_strv_ char **ready = NULL;
        LogRequest request = LOG_REQUEST_INIT;
        int r, exit;

        /* Before anything starts: what is logged from now on is what is shown. */
        request.since_usec = realtime_usec();
        r = fleet_bring_up(fleet, names, asked, restart, reterr);
        ready = fleet_made_ready(fleet);
        if (r != FC_EXIT_OK) {
                fleet = fleet_free(fleet);
                return hooks_run_after_ready(project, ready, r);
        }
        r = attach_find_sources(project, fleet, names, &sources, reterr);
        if (r < 0)
                return r;
        /* Other commands are free to work on them. */
        fleet = fleet_free(fleet);
        /* An interrupt is still pending: the loop stops all. */
        exit = hooks_run_after_ready(project, ready, FC_EXIT_OK);
        request.sources = sources.sources;
        request.n_sources = sources.n;
        r = attach_run(project, options, &request, names, reterr);
        return r == FC_EXIT_OK ? exit : r;
}
