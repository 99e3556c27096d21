/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "base/alloc.h"
#include "base/process.h"
#include "logs/event-view.h"
#include "logs/path-watch.h"
#include "ops/health.h"
#include "ops/status-table.h"
#include "ops/status-watch.h"
#include "ops/watch.h"
#include "screen/live-area.h"
#include "state/state.h"

/* How long an uptime stands still. */
#define TICK_USEC USEC_PER_SEC

typedef struct StatusWatch StatusWatch;

/* The state of a container is written after the event that tells of it. */
typedef struct StateFile {
        StatusWatch *watch;
        PathWatch *path;
        int fd; /* kept, see logs/path-watch.h */
} StateFile;

struct StatusWatch {
        Project *project;
        char *const *names;
        const StatusWatchOptions *options;
        sd_event *event;
        sd_event_source *look; /* when all that has come is read */
        sd_event_source *tick;
        HealthWatch *health;
        MachineWatch machines; /* for their ends, which come after what is written of them */
        StateFile *files;
        size_t n_files;
        StatusList list;
        Output output;
        LiveArea area;
        char *last; /* what was printed elsewhere */
        Error error;
};

static void status_watch_done(StatusWatch *w) {
        for (size_t i = 0; i < w->n_files; i++) {
                (void) path_watch_free(w->files[i].path);
                (void) safe_close(w->files[i].fd);
        }
        free(w->files);
        (void) health_watch_free(w->health);
        machine_watch_done(&w->machines);
        (void) sd_event_source_disable_unref(w->look);
        (void) sd_event_source_disable_unref(w->tick);
        (void) sd_event_unref(w->event);
        status_list_done(&w->list);
        live_area_done(&w->area);
        free(w->last);
        error_done(&w->error);
}

/* What does not fit is not drawn: it could not be reached again. */
static int watch_draw(StatusWatch *w) {
        _cleanup_(table_freep) Table *table = status_table(&w->list, w->options->wide, realtime_usec());
        _cleanup_buffer_ Buffer lines = {0}, screen = {0};
        _cleanup_free_ char *text = NULL;
        char *rest, *line;
        size_t room;

        output_update_size(&w->output, STDOUT_FILENO);
        room = w->output.height > 1 ? w->output.height - 1 : SIZE_MAX;
        table_append(table, &w->output, &lines);
        text = buffer_steal(&lines);
        live_area_begin(&w->area, &screen, w->output.width);
        for (rest = text; room > 0 && (line = strsep(&rest, "\n")) && rest; room--)
                live_area_append(&w->area, &screen, line, /* stays= */ false);
        live_area_end(&w->area, &screen);
        return buffer_flush(&screen, stdout);
}

/* Without what goes on by itself. */
static char *describe(const StatusWatch *w) {
        size_t n = w->list.n;
        _cleanup_free_ ContainerStatus *entries = xnew0(ContainerStatus, n + 1);
        _cleanup_(table_freep) Table *table = NULL;
        Buffer text = {0};

        for (size_t i = 0; i < n; i++) {
                entries[i] = w->list.entries[i];
                entries[i].memory = 0;
        }
        table = status_table(&(StatusList){.entries = entries, .n = n}, /* wide= */ true, /* now= */ 0);
        table_append(table, &(Output){.unicode = true}, &text);
        return buffer_steal(&text);
}

static int print_change(StatusWatch *w) {
        _cleanup_free_ char *described = describe(w), *text = NULL;
        _cleanup_buffer_ Buffer lines = {0};

        if (streq_ptr(w->last, described))
                return 0;
        if (w->options->json) {
                text = status_list_to_json(w->project, &w->list, /* pretty= */ false);
                buffer_appendf(&lines, "%s\n", text);
        } else {
                _cleanup_(table_freep) Table *table =
                        status_table(&w->list, w->options->wide, realtime_usec());

                buffer_append_text(&lines, w->last ? "\n" : "");
                table_append(table, &w->output, &lines);
        }
        free(w->last);
        w->last = TAKE_PTR(described);
        return buffer_flush(&lines, stdout);
}

static int watch_show(StatusWatch *w) {
        int r = w->output.live && !w->options->json ? watch_draw(w) : print_change(w);

        /* The reader has gone. */
        return r == -EPIPE ? sd_event_exit(w->event, 0) : r;
}

static int status_watch_end(StatusWatch *w, int r, const char *what) {
        if (!error_is_set(&w->error))
                (void) error_set(&w->error, r, "%s", what);
        return sd_event_exit(w->event, r);
}

static void look_soon(StatusWatch *w) {
        (void) sd_event_source_set_enabled(w->look, SD_EVENT_ONESHOT);
}

static void status_watch_on_end(Watched *x) {
        look_soon(x->part);
}

/* What cannot be watched is shown as it is when something else happens. */
static void follow_ends(StatusWatch *w) {
        for (size_t i = 0; i < w->machines.n; i++) {
                Watched *x = &w->machines.entries[i];

                x->part = w;
                if (watched_look(x, NULL) >= 0 && x->status.running &&
                    watched_follow(x, status_watch_on_end, NULL) == 0)
                        look_soon(w);
        }
}

static int status_watch_on_look(sd_event_source *source, void *userdata) {
        StatusWatch *w = userdata;
        int r;

        follow_ends(w);
        status_list_done(&w->list);
        r = status_list_gather(w->project, w->names, &w->list, &w->error);
        if (r >= 0)
                r = watch_show(w);
        return r < 0 ? status_watch_end(w, r, "print the status") : 0;
}

static int status_watch_on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        StatusWatch *w = userdata;
        int r;

        status_list_read_memory(w->project, &w->list);
        r = watch_show(w);
        if (r >= 0)
                r = sd_event_source_set_time_relative(source, TICK_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return r < 0 ? status_watch_end(w, r, "print the status") : 0;
}

static int watch_on_state(int fd, void *userdata, Error *reterr) {
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

static int status_watch_open(StatusWatch *w, Error *reterr) {
        int r;

        r = sd_event_new(&w->event);
        if (r >= 0)
                r = sd_event_add_defer(w->event, &w->look, status_watch_on_look, w);
        /* Only what is redrawn has something that goes on by itself. */
        if (r >= 0 && w->output.live && !w->options->json)
                r = sd_event_add_time_relative(w->event, &w->tick, CLOCK_MONOTONIC, TICK_USEC, 0,
                                               status_watch_on_tick, w);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        look_soon(w);
        r = machine_watch_open(&w->machines, w->project, w->event, w->names, reterr);
        if (r >= 0 && geteuid() == 0)
                r = health_watch_new(w->project, w->event, w->names, &w->health, reterr);
        w->files = xnew0(StateFile, strv_length(w->names) + 1);
        for (; r >= 0 && w->names[w->n_files]; w->n_files++) {
                _cleanup_free_ char *path = xasprintf("%s/state.json", w->names[w->n_files]);
                StateFile *file = &w->files[w->n_files];

                *file = (StateFile){.watch = w, .fd = -EBADF};
                r = path_watch_new(w->event, w->project->state.fd, path, PATH_FILE, watch_on_state, file,
                                   &file->path, reterr);
        }
        return r;
}

int status_watch(Project *project, char *const *names, const StatusWatchOptions *options, Error *reterr) {
        _cleanup_(status_watch_done)
                StatusWatch w = {.project = project, .names = names, .options = options};
        _cleanup_fclose_ FILE *nowhere = fopen("/dev/null", "we");
        EventRequest request = {
                .dir_fd = project->state.fd,
                .containers = names,
                .seen = status_watch_on_event,
                .userdata = &w,
        };
        int r;

        if (!nowhere)
                return error_set(reterr, errno, "open '/dev/null'");
        (void) signal(SIGPIPE, SIG_IGN);
        output_probe(STDOUT_FILENO, &w.output);
        r = status_watch_open(&w, reterr);
        if (r < 0)
                return r;
        request.event = w.event;
        r = events_show(&request, nowhere, reterr);
        if (r < 0 && error_is_set(&w.error)) {
                error_done(reterr);
                error_move(reterr, &w.error);
        }
        return r;
}
