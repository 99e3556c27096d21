/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/systemd.h"
#include "logs/event-line.h"
#include "logs/event-view.h"
#include "logs/line-reader.h"
#include "logs/path-watch.h"
#include "record/event-log.h"
#include "screen/buffer.h"

/* The file that is written to, and the one before it: a process that has opened that one may still add a
 * line. */
typedef struct EventFile {
        LineReader *reader; /* reads any lines */
        sd_event_source *modified;
} EventFile;

typedef struct EventView {
        const EventRequest *request;
        FILE *out;
        Buffer buffer;
        char **past; /* gathered until the last of them are known; then printed as they come */
        bool past_printed;
        EventFile now, before;
        PathWatch *watch;
        Error error;
} EventView;

/* NULL: the line is not an event, or not one that is asked for. */
static char *read_event(const EventView *view, const char *line, size_t size) {
        const EventRequest *request = view->request;
        _cleanup_(event_line_done) EventLine event = {0};

        if (!event_line_parse(line, size, &event) || event.usec < request->since_usec ||
            (request->containers && request->containers[0] &&
             !strv_contains(request->containers, event.container)))
                return NULL;
        if (view->past_printed && request->seen)
                request->seen(event.container, request->userdata);
        if (request->silent)
                return NULL;
        return request->json ? event_log_format(event.usec, event.container, event.event, event.detail)
                             : event_line_format(&event, time(NULL));
}

static void print_line(EventView *view, const char *text) {
        buffer_append_text(&view->buffer, text);
        buffer_append_text(&view->buffer, "\n");
}

static int event_view_read_file(EventView *view, const EventFile *file, Error *reterr) {
        const char *line;
        size_t size;
        int r;

        if (!file->reader)
                return 0;
        while ((r = line_reader_next(file->reader, &line, &size, reterr)) > 0) {
                char *text = read_event(view, line, size);

                if (!text)
                        continue;
                if (!view->past_printed) {
                        strv_push_take(&view->past, text);
                        continue;
                }
                print_line(view, text);
                free(text);
        }
        return r < 0 ? error_prefix(reterr, r, "the event log") : 0;
}

/* Return: 0, -EPIPE without an Error when the reader is gone, or another negative errno. */
static int flush(EventView *view, Error *reterr) {
        int r = buffer_flush(&view->buffer, view->out);

        return r < 0 && r != -EPIPE ? error_set(reterr, r, "write events") : r;
}

static int print_past(EventView *view, Error *reterr) {
        size_t n = strv_length(view->past);
        uint64_t skip = n > view->request->lines ? n - view->request->lines : 0;

        for (size_t i = (size_t) skip; i < n; i++)
                print_line(view, view->past[i]);
        view->past = strv_free(view->past);
        view->past_printed = true;
        return flush(view, reterr);
}

/* ---- files ---- */

static void file_done(EventFile *file) {
        (void) sd_event_source_disable_unref(file->modified);
        (void) line_reader_free(file->reader);
        *file = (EventFile){};
}

static int read_old(EventView *view, Error *reterr) {
        EventFile old = {};
        int fd, r;

        r = fs_open_file_beneath_optional(view->request->dir_fd, EVENT_LOG_OLD, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        old.reader = line_reader_new(fd, -EBADF);
        r = event_view_read_file(view, &old, reterr);
        file_done(&old);
        return r;
}

static int on_modified(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        EventView *view = userdata;
        int r;

        r = event_view_read_file(view, &view->before, &view->error);
        if (r >= 0)
                r = event_view_read_file(view, &view->now, &view->error);
        if (r >= 0)
                r = flush(view, &view->error);
        return r < 0 ? sd_event_exit(view->request->event, r) : 0;
}

/* Takes the fd of the log; -EBADF: there is none now. */
static int open_log(EventView *view, int fd, Error *reterr) {
        int r;

        r = event_view_read_file(view, &view->now, reterr);
        if (view->now.reader) {
                file_done(&view->before);
                view->before = view->now;
                view->now = (EventFile){};
        }
        if (r < 0 || fd < 0) {
                (void) safe_close(fd);
                return r;
        }
        view->now.reader = line_reader_new(fd, -EBADF);
        if (view->request->event) {
                r = sd_event_add_inotify_fd(view->request->event, &view->now.modified, fd, IN_MODIFY,
                                            on_modified, view);
                if (r < 0)
                        return error_set(reterr, r, "watch the event log");
        }
        r = event_view_read_file(view, &view->now, reterr);
        return r < 0 || !view->past_printed ? r : flush(view, reterr);
}

static int on_log(int fd, void *userdata, Error *reterr) {
        return open_log(userdata, fd, reterr);
}

static int event_view_on_hangup(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        EventView *view = userdata;

        return sd_event_exit(view->request->event, 0);
}

static int show_all(EventView *view, Error *reterr) {
        int fd, r;

        r = read_old(view, reterr);
        if (r >= 0)
                r = fs_open_file_beneath_optional(view->request->dir_fd, EVENT_LOG, &fd, reterr);
        if (r >= 0)
                r = open_log(view, fd, reterr);
        return r < 0 ? r : print_past(view, reterr);
}

static int event_view_follow(EventView *view, Error *reterr) {
        int fd = fileno(view->out), r;

        r = sd_event_add_signal(view->request->event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(view->request->event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, NULL,
                                        NULL);
        if (r < 0)
                return error_set(reterr, r, "watch for signals");
        /* A regular file cannot be watched, and has no reader that could leave. */
        r = sd_event_add_io(view->request->event, NULL, fd, 0, event_view_on_hangup, view);
        if (r < 0 && r != -EPERM)
                return error_set(reterr, r, "watch the output");
        r = read_old(view, reterr);
        if (r >= 0)
                r = path_watch_new(view->request->event, view->request->dir_fd, EVENT_LOG, PATH_FILE, on_log,
                                   view, &view->watch, reterr);
        if (r >= 0)
                r = print_past(view, reterr);
        if (r < 0)
                return r;
        r = sd_event_loop(view->request->event);
        if (r < 0 && r != -EPIPE) {
                (void) error_set(reterr, r, "follow events");
                path_watch_error(view->watch, reterr);
                if (error_is_set(&view->error))
                        error_move(reterr, &view->error);
        }
        return r;
}

int events_show(const EventRequest *request, FILE *out, Error *reterr) {
        EventView view = {.request = request, .out = out};
        int r;

        r = request->event ? event_view_follow(&view, reterr) : show_all(&view, reterr);
        (void) path_watch_free(view.watch);
        file_done(&view.now);
        file_done(&view.before);
        buffer_done(&view.buffer);
        strv_free(view.past);
        error_done(&view.error);
        return r == -EPIPE ? 0 : r;
}
