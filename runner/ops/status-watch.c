/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "base/alloc.h"
#include "base/process.h"
#include "logs/event-view.h"
#include "logs/path-watch.h"
#include "ops/health.h"
#include "ops/project-open.h"
#include "ops/project-watch.h"
#include "ops/status-table.h"
#include "ops/status-watch.h"
#include "ops/watch.h"
#include "screen/live-area.h"
#include "state/state.h"

/* How long an uptime stands still. */
#define TICK_USEC USEC_PER_SEC

typedef struct StatusWatch StatusWatch;

/* What is written down of a container comes after the event that tells of it. */
typedef struct StateFile {
        StatusWatch *watch;
        PathWatch *path;
        int fd;       /* kept, see logs/path-watch.h */
        bool follows; /* the end of its machine is waited for */
} StateFile;

struct StatusWatch {
        const ProjectRequest *request;
        char *const *operands;
        const StatusWatchOptions *options;
        Project *project; /* as it was at the beginning: where things lie, and what the host has */
        sd_event *event;
        sd_event_source *look; /* when all that has come is read */
        sd_event_source *tick, *resized, *changed;
        ProjectWatch *specification;
        char **names; /* of the containers that are watched */
        HealthWatch *health;
        MachineWatch machines; /* for their ends, which come after what is written of them */
        StateFile *files;      /* one for each */
        size_t n_files;
        StatusList list;
        Output output;
        bool live;
        LiveArea area;
        char *last; /* what was printed elsewhere */
        Error error;
};

static void drop_containers(StatusWatch *w) {
        for (size_t i = 0; i < w->n_files; i++) {
                (void) path_watch_free(w->files[i].path);
                (void) safe_close(w->files[i].fd);
        }
        free(w->files);
        w->files = NULL;
        w->n_files = 0;
        w->health = health_watch_free(w->health);
        machine_watch_done(&w->machines);
        w->names = strv_free(w->names);
}

static void status_watch_done(StatusWatch *w) {
        drop_containers(w);
        (void) sd_event_source_disable_unref(w->look);
        (void) sd_event_source_disable_unref(w->tick);
        (void) sd_event_source_disable_unref(w->resized);
        (void) sd_event_source_disable_unref(w->changed);
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

static void look_soon(StatusWatch *w) {
        (void) sd_event_source_set_enabled(w->look, SD_EVENT_ONESHOT);
}

static int status_watch_on_state(int fd, void *userdata, Error *reterr) {
        StateFile *file = userdata;

        (void) safe_close(file->fd);
        file->fd = fd;
        look_soon(file->watch);
        return 0;
}

static void status_watch_on_event(const char *container, void *userdata) {
        StatusWatch *w = userdata;

        if (w->health)
                health_watch_look(w->health, container);
        look_soon(w);
}

static void status_watch_on_end(Watched *x) {
        StateFile *file = x->part;

        file->follows = false;
        look_soon(file->watch);
}

/* Once for each run. What cannot be watched is shown as it is when something else happens. */
static void follow_ends(StatusWatch *w) {
        for (size_t i = 0; i < w->machines.n; i++) {
                Watched *x = &w->machines.entries[i];
                StateFile *file = x->part;

                if (watched_look(x, NULL) >= 0 && x->status.running && !file->follows)
                        file->follows = watched_follow(x, status_watch_on_end, NULL) > 0;
        }
}

/* Those of a specification can become others. */
static int watch_containers(StatusWatch *w, char *const *names, Error *reterr) {
        int r;

        if (w->names && strv_equal(w->names, names))
                return 0;
        drop_containers(w);
        w->names = strv_copy(names);
        w->files = xnew0(StateFile, strv_length(w->names) + 1);
        r = machine_watch_open(&w->machines, w->project, w->event, w->names, reterr);
        if (r >= 0 && geteuid() == 0)
                r = health_watch_new(w->project, w->event, w->names, &w->health, reterr);
        for (; r >= 0 && w->n_files < w->machines.n; w->n_files++) {
                Watched *x = &w->machines.entries[w->n_files];
                _cleanup_free_ char *path = xasprintf("%s/" STATE_FILE_NAME, x->name);
                StateFile *file = x->part = &w->files[w->n_files];

                *file = (StateFile){.watch = w, .fd = -EBADF};
                r = path_watch_new(w->event, w->project->state.fd, path, PATH_FILE, status_watch_on_state,
                                   file, &file->path, reterr);
        }
        return r;
}

/* ---- looking ---- */

/* The specification may be another one by now, and have other containers. What is watched is settled first,
 * so that no change falls in between. */
static int status_watch_gather(StatusWatch *w, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **all = NULL;
        char *const *names = w->operands;
        int r;

        r = project_open(w->request, &project, reterr);
        if (r < 0)
                return r;
        project_load_if_possible(&project);
        if (!names || !names[0]) {
                r = project_known_names(&project, &all, reterr);
                names = all;
        }
        if (r >= 0)
                r = watch_containers(w, names, reterr);
        if (r < 0)
                return r;
        follow_ends(w);
        status_list_done(&w->list);
        return status_list_gather(&project, names, &w->list, reterr);
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
        return r < 0 ? status_watch_end(w, r) : 0;
}

static int status_watch_on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        StatusWatch *w = userdata;
        int r;

        for (size_t i = 0; i < w->list.n; i++) {
                ContainerStatus *c = &w->list.entries[i];
                Watched *x = machine_watch_find(&w->machines, c->name);

                if (c->running && x)
                        c->memory = status_read_memory(w->project, &x->status, c->machine);
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
        return r < 0 ? error_set(reterr, r, "make an event loop") : 0;
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
