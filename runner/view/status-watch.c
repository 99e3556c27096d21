/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/systemd.h"
#include "context/project-open.h"
#include "context/shared.h"
#include "logs/event-view.h"
#include "screen/live-area.h"
#include "view/project-watch.h"
#include "view/status-place.h"
#include "view/status-table.h"
#include "view/status-watch.h"

/* How long an uptime stands still. */
#define TICK_USEC USEC_PER_SEC

/* Between looks at a command that may have been killed. */
#define PAUSE_MIN_USEC USEC_PER_SEC
#define PAUSE_MAX_USEC (8 * USEC_PER_SEC)

typedef struct StatusWatch {
        const ProjectRequest *request;
        char *const *operands;
        const StatusWatchOptions *options;
        Project *project; /* as it was at the beginning: where things lie, and what the host has */
        sd_event *event;
        sd_event_source *look; /* when all that has come is read */
        sd_event_source *tick, *resized, *changed, *again;
        uint64_t pause; /* before it looks again */
        ProjectWatch *specification;
        StatusPlace here, elsewhere; /* of the other project: shared ones */
        StatusList list;
        Output output;
        bool live;
        LiveArea area;
        char *last; /* what was printed elsewhere */
        Error error;
} StatusWatch;

static void status_watch_done(StatusWatch *w) {
        status_place_done(&w->here);
        status_place_done(&w->elsewhere);
        (void) sd_event_source_disable_unref(w->look);
        (void) sd_event_source_disable_unref(w->tick);
        (void) sd_event_source_disable_unref(w->resized);
        (void) sd_event_source_disable_unref(w->changed);
        (void) sd_event_source_disable_unref(w->again);
        (void) project_watch_free(w->specification);
        (void) sd_event_unref(w->event);
        status_list_done(&w->list);
        live_area_done(&w->area);
        free(w->last);
        error_done(&w->error);
}

/* ---- showing ---- */

static char *table_text(const StatusWatch *w, const Output *output, uint64_t now) {
        _cleanup_(table_freep) Table *table = status_table(&w->list, w->options->wide, now);
        Buffer text = {0};

        table_append(table, output, &text);
        return buffer_steal(&text);
}

static int status_watch_draw(StatusWatch *w) {
        _cleanup_free_ char *text = NULL;

        output_update_size(&w->output, STDOUT_FILENO);
        text = table_text(w, &w->output, realtime_usec());
        return live_area_draw_text(&w->area, &w->output, text, stdout);
}

/* What would be printed, without what goes on by itself. */
static char *describe(StatusWatch *w) {
        _cleanup_free_ uint64_t *memory = xnew0(uint64_t, w->list.n + 1);
        char *text;

        for (size_t i = 0; i < w->list.n; i++) {
                memory[i] = w->list.entries[i].memory;
                w->list.entries[i].memory = 0;
        }
        text = w->options->json ? status_list_to_line(w->project, &w->list, /* now= */ 0)
                                : table_text(w, &w->output, /* now= */ 0);
        for (size_t i = 0; i < w->list.n; i++)
                w->list.entries[i].memory = memory[i];
        return text;
}

static int print_change(StatusWatch *w) {
        _cleanup_free_ char *described = describe(w), *text = NULL;
        _cleanup_buffer_ Buffer lines = {0};

        if (streq_ptr(w->last, described))
                return 0;
        if (w->options->json) {
                text = status_list_to_line(w->project, &w->list, realtime_usec());
                buffer_appendf(&lines, "%s\n", text);
        } else {
                text = table_text(w, &w->output, realtime_usec());
                buffer_appendf(&lines, "%s%s", w->last ? "\n" : "", text);
        }
        free(w->last);
        w->last = TAKE_PTR(described);
        return buffer_flush(&lines, stdout);
}

static int status_watch_show(StatusWatch *w) {
        int r = w->live ? status_watch_draw(w) : print_change(w);

        /* The reader has gone. */
        return r == -EPIPE ? sd_event_exit(w->event, 0) : r;
}

static int status_watch_end(StatusWatch *w, int r) {
        if (!error_is_set(&w->error))
                (void) error_set(&w->error, r, "print the status");
        return sd_event_exit(w->event, r);
}

/* ---- what is watched ---- */

static void look_soon(void *userdata) {
        StatusWatch *w = userdata;

        (void) sd_event_source_set_enabled(w->look, SD_EVENT_ONESHOT);
}

static void status_watch_on_event(const char *container, void *userdata) {
        StatusWatch *w = userdata;

        status_place_look(&w->here, container);
}

/* ---- looking ---- */

/* As `status` does, but for what it refuses: the specification may be another one by now, have other
 * containers, and be broken. */
static int status_watch_open_project(const StatusWatch *w, Project *ret, char ***ret_names, Error *reterr) {
        _cleanup_strv_ char **own = NULL;
        int r;

        r = project_open(w->request, ret, reterr);
        if (r < 0)
                return r;
        project_load_if_possible(ret);
        r = shared_sort(w->request, ret, w->operands, &own, reterr);
        if (r >= 0 && !own)
                return project_known_names(ret, ret_names, reterr);
        if (r >= 0)
                *ret_names = TAKE_PTR(own);
        return r;
}

/* Each place has a project of its own, which stays. */
static int watch_here(StatusWatch *w, const Project *project, char *const *names, Error *reterr) {
        _cleanup_strv_ char **same = NULL;
        bool logs = !streq(project->root, w->project->root);
        int r;

        if (status_place_has(&w->here, project->root, names))
                return 0;
        status_place_done(&w->here);
        r = status_watch_open_project(w, &w->here.project, &same, reterr);
        return r < 0 ? r : status_place_begin(&w->here, project->root, names, logs, reterr);
}

static int watch_elsewhere(StatusWatch *w, const Project *project, Error *reterr) {
        const char *root = project->elsewhere ? project->home : NULL;
        int r;

        if (status_place_has(&w->elsewhere, root, project->elsewhere))
                return 0;
        status_place_done(&w->elsewhere);
        if (!root)
                return 0;
        r = shared_open(project, &w->elsewhere.project, reterr);
        return r < 0 ? r
                     : status_place_begin(&w->elsewhere, root, project->elsewhere, /* logs= */ true, reterr);
}

/* What is watched is settled first, so that no change falls in between. */
static int status_watch_gather(StatusWatch *w, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        int r;

        r = status_watch_open_project(w, &project, &names, reterr);
        if (r >= 0)
                r = watch_here(w, &project, names, reterr);
        if (r >= 0)
                r = watch_elsewhere(w, &project, reterr);
        if (r < 0)
                return r;
        status_place_follow_ends(&w->here);
        status_place_follow_ends(&w->elsewhere);
        status_list_done(&w->list);
        return status_list_gather(&project, names, &w->list, reterr);
}

/* A command is at work on it, by its lock. */
static bool is_being_started(const ContainerStatus *c) {
        return c->phase == PHASE_SEEDING || (c->phase == PHASE_STARTING && !c->running);
}

/* No event tells that a lock is free: the command may have been killed. Only root can ask whether it is. */
static int wait_for_commands(StatusWatch *w) {
        bool waits = false;
        int r;

        for (size_t i = 0; i < w->list.n; i++)
                waits = waits || (geteuid() == 0 && is_being_started(&w->list.entries[i]));
        if (!waits) {
                w->pause = PAUSE_MIN_USEC;
                return sd_event_source_set_enabled(w->again, SD_EVENT_OFF);
        }
        r = sd_event_source_set_time_relative(w->again, w->pause);
        return r < 0 ? r : sd_event_source_set_enabled(w->again, SD_EVENT_ONESHOT);
}

static int status_watch_on_again(sd_event_source *source, uint64_t usec, void *userdata) {
        StatusWatch *w = userdata;

        w->pause = w->pause < PAUSE_MAX_USEC / 2 ? w->pause * 2 : PAUSE_MAX_USEC;
        look_soon(w);
        return 0;
}

/* Only what is drawn again shows something that goes on by itself, and only while something runs. */
static int count_on(StatusWatch *w) {
        bool runs = false;
        int r;

        for (size_t i = 0; i < w->list.n; i++)
                runs = runs || w->list.entries[i].running;
        if (!w->live || !runs)
                return sd_event_source_set_enabled(w->tick, SD_EVENT_OFF);
        r = sd_event_source_set_time_relative(w->tick, TICK_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(w->tick, SD_EVENT_ONESHOT);
}

static int status_watch_on_look(sd_event_source *source, void *userdata) {
        StatusWatch *w = userdata;
        int r = status_watch_gather(w, &w->error);

        if (r >= 0)
                r = status_watch_show(w);
        if (r >= 0)
                r = count_on(w);
        if (r >= 0)
                r = wait_for_commands(w);
        return r < 0 ? status_watch_end(w, r) : 0;
}

static const Watched *find_machine(const StatusWatch *w, const ContainerStatus *c) {
        const StatusPlace *places[] = {&w->here, &w->elsewhere};

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                const Watched *x = machine_watch_find(&places[i]->machines, c->name);

                if (x && streq(x->machine, c->machine))
                        return x;
        }
        return NULL;
}

static int status_watch_on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        StatusWatch *w = userdata;
        int r;

        for (size_t i = 0; i < w->list.n; i++) {
                ContainerStatus *c = &w->list.entries[i];
                const Watched *x = find_machine(w, c);

                if (c->running && x)
                        c->memory = status_read_memory(x->watch->project, &x->status, c->machine, NULL);
        }
        r = status_watch_show(w);
        if (r >= 0)
                r = count_on(w);
        return r < 0 ? status_watch_end(w, r) : 0;
}

static int status_watch_on_resize(sd_event_source *source, const struct signalfd_siginfo *info,
                                  void *userdata) {
        StatusWatch *w = userdata;
        int r = status_watch_show(w);

        return r < 0 ? status_watch_end(w, r) : 0;
}

static int status_watch_on_specification(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        StatusWatch *w = userdata;
        bool changed;
        int r;

        (void) project_watch_drain(w->specification);
        r = project_watch_look(w->specification, &changed, &w->error);
        if (r < 0)
                return status_watch_end(w, r);
        if (changed)
                look_soon(w);
        return 0;
}

static int status_watch_add_sources(StatusWatch *w) {
        int r;

        r = sd_event_new(&w->event);
        if (r >= 0)
                r = sd_event_add_defer(w->event, &w->look, status_watch_on_look, w);
        if (r >= 0)
                r = sd_event_source_set_priority(w->look, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_add_time_relative(w->event, &w->tick, CLOCK_MONOTONIC, TICK_USEC, 0,
                                               status_watch_on_tick, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->tick, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(w->event, &w->again, CLOCK_MONOTONIC, PAUSE_MIN_USEC, 0,
                                               status_watch_on_again, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->again, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_io(w->event, &w->changed, project_watch_fd(w->specification), EPOLLIN,
                                    status_watch_on_specification, w);
        if (r >= 0 && w->live)
                r = sd_event_add_signal(w->event, &w->resized, SIGWINCH | SD_EVENT_SIGNAL_PROCMASK,
                                        status_watch_on_resize, w);
        return r;
}

static int status_watch_open(StatusWatch *w, Error *reterr) {
        bool changed;
        int r;

        output_probe(STDOUT_FILENO, &w->output);
        w->live = w->output.live && !w->options->json;
        r = project_watch_new(w->request, &w->specification, reterr);
        if (r >= 0)
                r = project_watch_look(w->specification, &changed, reterr);
        if (r < 0)
                return r;
        r = status_watch_add_sources(w);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        w->here.event = w->elsewhere.event = w->event;
        w->here.changed = w->elsewhere.changed = look_soon;
        w->here.userdata = w->elsewhere.userdata = w;
        return 0;
}

int status_watch(const ProjectRequest *request, char *const *operands, const StatusWatchOptions *options,
                 Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        _cleanup_(status_watch_done) StatusWatch w = {
                .request = request,
                .operands = operands,
                .options = options,
                .project = &project,
                .pause = PAUSE_MIN_USEC,
                .here = STATUS_PLACE_NULL,
                .elsewhere = STATUS_PLACE_NULL,
        };
        EventRequest events = {.silent = true, .seen = status_watch_on_event, .userdata = &w};
        int r;

        r = project_open_records(request, operands, /* follow= */ true, &project, &names, reterr);
        if (r < 0)
                return r;
        (void) signal(SIGPIPE, SIG_IGN);
        r = status_watch_open(&w, reterr);
        if (r < 0)
                return r;
        events.dir_fd = project.state.fd;
        events.event = w.event;
        r = events_show(&events, stdout, reterr);
        if (r < 0 && error_is_set(&w.error)) {
                error_done(reterr);
                error_move(reterr, &w.error);
        }
        return r;
}
