/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/process.h"
#include "machine/machine-end.h"
#include "ops/attach.h"
#include "ops/status-list.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

typedef struct Attached Attached;

typedef struct Watched {
        Attached *attached;
        const char *name;
        char *machine;
        MachineEnd *end;
        bool ended;
} Watched;

struct Attached {
        const Project *project;
        sd_event *event;
        sd_event_source *signals[ELEMENTSOF(signals)];
        LogView *view;
        Progress *progress;
        Watched *watched; /* does not move */
        size_t n_watched;
        bool interrupted;
        Error error;
};

/* ---- preparing ---- */

void attachment_begin(Attachment *a) {
        a->since_usec = realtime_usec();
}

static const Member *find_member(const Fleet *fleet, const char *name) {
        for (size_t i = 0; i < fleet->n_members; i++)
                if (streq(fleet->members[i].name, name))
                        return &fleet->members[i];
        return NULL;
}

/* Of one that was started, where its supervisor began to write; of one that had been running, its end. */
static uint64_t console_begin(const Project *project, const Member *m, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/console.log", name);
        struct stat st;

        if (m && m->resources.console_fd >= 0)
                return m->resources.console_start;
        return fstatat(project->state.fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : (uint64_t) st.st_size;
}

int attachment_prepare(Attachment *a, const Fleet *fleet, char *const *names, Error *reterr) {
        int r;

        r = log_sources_find(fleet->project, names, &a->sources, reterr);
        for (size_t i = 0; r >= 0 && i < a->sources.n; i++) {
                LogSource *source = &a->sources.sources[i];
                const Member *m = find_member(fleet, source->container);

                source->console_timed = true;
                source->console_from = console_begin(fleet->project, m, source->container);
                /* What is remembered is about what ran before. */
                if (m && m->spec)
                        source->on_console = m->spec->command != NULL;
        }
        return r;
}

void attachment_done(Attachment *a) {
        log_sources_done(&a->sources);
}

/* ---- watching ---- */

static void attached_done(Attached *a) {
        (void) log_view_free(a->view);
        (void) progress_free(a->progress);
        for (size_t i = 0; i < a->n_watched; i++) {
                (void) machine_end_free(a->watched[i].end);
                free(a->watched[i].machine);
        }
        free(a->watched);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sd_event_source_disable_unref(a->signals[i]);
        (void) sd_event_unref(a->event);
        error_done(&a->error);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Attached *a = userdata;

        a->interrupted = true;
        return 0;
}

static int watch_end(Watched *w, Error *reterr);

static void on_end(void *userdata) {
        Watched *w = userdata;
        int r;

        /* Restarted by somebody else, it is another machine that counts now. */
        r = watch_end(w, &w->attached->error);
        if (w->ended)
                progress_update(w->attached->progress, w->name, PHASE_ENDED, NULL);
        if (r < 0)
                (void) sd_event_exit(w->attached->event, r);
}

static int watch_end(Watched *w, Error *reterr) {
        Attached *a = w->attached;
        MachineStatus status;
        int r;

        w->end = machine_end_free(w->end);
        r = machine_query(a->project->facts.cgroup_root, w->machine, &status, reterr);
        if (r >= 0)
                r = machine_end_watch(a->event, w->machine, &status, on_end, w, &w->end, reterr);
        if (r < 0)
                return error_in_container(reterr, r, w->name);
        w->ended = r == 0;
        return 0;
}

static bool all_ended(const Attached *a) {
        for (size_t i = 0; i < a->n_watched; i++)
                if (!a->watched[i].ended)
                        return false;
        return true;
}

static int attach(Attached *a, const Project *project, char *const *names, const LogRequest *request,
                  Error *reterr) {
        int r;

        a->project = project;
        a->progress = progress_new(project->progress, stderr, names);
        r = sd_event_new(&a->event);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++)
                r = sd_event_add_signal(a->event, &a->signals[i], signals[i], on_signal, a);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        a->watched = xnew0(Watched, strv_length(names));
        STRV_FOREACH (name, names) {
                Watched *w = &a->watched[a->n_watched++];

                *w = (Watched){.attached = a, .name = *name, .machine = project_machine(project, *name)};
                r = watch_end(w, reterr);
                if (r < 0)
                        return r;
        }
        return log_view_new(request, a->event, stdout, &a->view, reterr);
}

/* Until all have ended, somebody interrupts, or nobody reads. */
static int stay(Attached *a, Error *reterr) {
        int r = 0;

        while (r >= 0 && !a->interrupted && !all_ended(a) &&
               sd_event_get_state(a->event) != SD_EVENT_FINISHED)
                r = sd_event_run(a->event, UINT64_MAX);
        if (r >= 0 && sd_event_get_state(a->event) == SD_EVENT_FINISHED) {
                (void) sd_event_get_exit_code(a->event, &r);
                a->interrupted = true;
        }
        if (r >= 0)
                return 0;
        (void) error_set(reterr, r, "follow the containers");
        if (error_is_set(&a->error))
                error_move(reterr, &a->error);
        else
                log_view_error(a->view, reterr);
        return r;
}

/* ---- ending ---- */

static int finish_logs(Attached *a, Error *reterr) {
        int r = log_view_finish(a->view, reterr);

        return r == -EPIPE ? 0 : r;
}

static int stop_all(Attached *a, Project *project, char *const *names, Error *reterr) {
        _cleanup_(fleet_done) Fleet down = FLEET_NULL;
        int r, exit;

        /* The fleet has its own use for them. */
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                a->signals[i] = sd_event_source_disable_unref(a->signals[i]);
        /* The logs go on meanwhile, unless nobody reads them. */
        if (sd_event_get_state(a->event) != SD_EVENT_FINISHED) {
                down.event = sd_event_ref(a->event);
                log_view_keep_loop(a->view);
        }
        down.interrupts = 1;
        exit = fleet_take_down(&down, project, "up", names, reterr);
        if (exit < 0)
                return exit;
        r = finish_logs(a, reterr);
        if (r < 0)
                return r;
        return down.interrupts > 1 ? FC_EXIT_INTERRUPTED : fleet_report(&down);
}

/* Whoever restarts one of them holds its lock meanwhile. Return: whether one runs again. */
static int look_again(Project *project, char *const *names, bool *ret, Error *reterr) {
        _cleanup_(fleet_done) Fleet fleet = FLEET_NULL;
        int r;

        r = fleet_open(&fleet, project, "up", names, reterr);
        *ret = false;
        for (size_t i = 0; r >= 0 && i < fleet.n_members; i++)
                *ret = *ret || fleet.members[i].status.running;
        return r;
}

/* How they ended, when nobody stopped them. */
static int tell_ends(Project *project, char *const *names, Error *reterr) {
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

int attachment_run(Attachment *attachment, Project *project, char *const *names, Error *reterr) {
        _cleanup_(attached_done) Attached a = {};
        LogRequest request = LOG_REQUEST_INIT;
        bool again = false;
        int r;

        if (project->progress == PROGRESS_AUTO)
                project->progress = PROGRESS_PLAIN;
        (void) signal(SIGPIPE, SIG_IGN);
        request.sources = attachment->sources.sources;
        request.n_sources = attachment->sources.n;
        request.since_usec = attachment->since_usec;
        request.follow = true;
        request.output = project->globals->json ? LOG_OUTPUT_JSON : LOG_OUTPUT_SHORT;
        r = attach(&a, project, names, &request, reterr);
        do {
                if (r >= 0)
                        r = stay(&a, reterr);
                if (r < 0)
                        return r;
                if (a.interrupted)
                        return stop_all(&a, project, names, reterr);
                r = look_again(project, names, &again, reterr);
                for (size_t i = 0; r >= 0 && again && i < a.n_watched; i++)
                        r = watch_end(&a.watched[i], reterr);
        } while (r >= 0 && again);
        if (r >= 0)
                r = finish_logs(&a, reterr);
        return r < 0 ? r : tell_ends(project, names, reterr);
}
