/* SPDX-License-Identifier: MIT */

/* Several sources merged into one output, and kept up to date. Within one journal the order is sd-journal's;
 * between journals the earlier time goes first. */

#include <inttypes.h>

#include "base/alloc.h"
#include "logs/log-view.h"

/* Entries printed before the event loop is given a chance to see a signal. */
#define DRAIN_CHUNK 512

bool log_request_has_filters(const LogRequest *request) {
        return (request->units && request->units[0]) || request->priority_first > 0 ||
               request->priority_last < 7 || request->boot.kind != LOG_BOOT_ANY;
}

void log_view_schedule(LogView *view) {
        if (view->drain)
                (void) sd_event_source_set_enabled(view->drain, SD_EVENT_ONESHOT);
}

int log_view_end(LogView *view, int r) {
        view->over = true;
        if (!view->kept)
                return sd_event_exit(view->event, r);
        for (size_t i = 0; i < view->n_streams; i++)
                log_stream_done(&view->streams[i]);
        (void) sd_event_source_set_enabled(view->drain, SD_EVENT_OFF);
        view->hangup = sd_event_source_disable_unref(view->hangup);
        return 0;
}

void log_view_keep_loop(LogView *view) {
        view->kept = true;
}

int log_view_flush(LogView *view, Error *reterr) {
        int r = buffer_flush(&view->buffer, view->out);

        /* The reader has seen enough; that is not a failure. The caller looks for -EPIPE first. */
        return r < 0 && r != -EPIPE ? error_set(reterr, r, "write log lines") : r;
}

/* When what a stream has to print next was written. */
static uint64_t entry_order(const LogStream *stream) {
        return stream->entry ? stream->entry->realtime_usec : UINT64_MAX;
}

/* Reads what a stream has next, of its journal and its console. Return: as next_stream(). */
static int log_view_read_stream(LogStream *stream, bool rest, Error *reterr) {
        int r;

        if (!stream->entry && stream->unread) {
                r = journal_reader_next(stream->reader, &stream->entry, reterr);
                if (r >= 0)
                        stream->unread = r > 0;
                if (r < 0 || r == 2)
                        return r;
        }
        r = log_stream_read_line(stream, rest, reterr);
        return r < 0 ? r : 1;
}

/* The stream whose entry or line is the oldest; NULL: all are read to their ends. @ret_line: it is a line of
 * its console. Return: 1, 2 when one of them wants to be asked again first, or a negative errno. */
static int next_stream(LogView *view, bool rest, LogStream **ret, bool *ret_line, Error *reterr) {
        uint64_t least = UINT64_MAX;
        LogStream *oldest = NULL;

        for (size_t i = 0; i < view->n_streams; i++) {
                LogStream *stream = &view->streams[i];
                int r = log_view_read_stream(stream, rest, reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "log of '%s'", stream->source->container);
                if (r == 2)
                        return 2;
                if (stream->entry && (!oldest || entry_order(stream) < least)) {
                        oldest = stream;
                        least = entry_order(stream);
                        *ret_line = false;
                }
                if (stream->line.data && (!oldest || log_stream_line_order(stream) < least)) {
                        oldest = stream;
                        least = log_stream_line_order(stream);
                        *ret_line = true;
                }
        }
        *ret = oldest;
        return 1;
}

static void print_next(LogView *view, LogStream *stream, bool line) {
        if (line)
                log_stream_print_line(stream);
        else {
                log_format_entry(&view->format, &view->buffer, stream->source, stream->entry);
                stream->entry = NULL;
        }
}

/* @rest: a last line of a console that has not ended is one, too. */
static int drain(LogView *view, size_t max, bool rest, Error *reterr) {
        for (size_t n = 0; n < max; n++) {
                LogStream *stream = NULL;
                bool line = false;
                int r;

                r = next_stream(view, rest, &stream, &line, reterr);
                if (r < 0)
                        return r;
                if (r == 2)
                        return 1;
                if (!stream) {
                        r = log_view_flush(view, reterr);
                        return r < 0 ? r : 0;
                }
                print_next(view, stream, line);
                if (view->buffer.size >= LOG_FLUSH_SIZE) {
                        r = log_view_flush(view, reterr);
                        if (r < 0)
                                return r;
                }
        }
        return 1;
}

int log_view_drain(LogView *view, size_t max, Error *reterr) {
        return drain(view, max, /* rest= */ !view->event, reterr);
}

int log_view_finish(LogView *view, Error *reterr) {
        int r = view->over ? -EPIPE : 0;

        for (size_t i = 0; r >= 0 && i < view->n_streams; i++)
                r = log_stream_refresh(&view->streams[i], reterr);
        while (r >= 0 && (r = drain(view, SIZE_MAX, /* rest= */ true, reterr)) > 0)
                ;
        return r;
}

static int on_drain(sd_event_source *source, void *userdata) {
        LogView *view = userdata;
        int r;

        r = log_view_drain(view, DRAIN_CHUNK, &view->error);
        if (r == -EPIPE && !error_is_set(&view->error))
                return log_view_end(view, 0);
        if (r > 0)
                log_view_schedule(view);
        for (size_t i = 0; r == 0 && i < view->n_streams; i++)
                r = log_stream_arm_timer(&view->streams[i], &view->error);
        return r < 0 ? log_view_end(view, r) : 0;
}

/* The reader is gone, which otherwise only the next line would show. */
static int log_view_on_hangup(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return log_view_end(userdata, 0);
}

static int add_sources(LogView *view, Error *reterr) {
        int fd = fileno(view->out), r;

        r = sd_event_add_defer(view->event, &view->drain, on_drain, view);
        if (r < 0)
                return error_set(reterr, r, "prepare following logs");
        (void) sd_event_source_set_description(view->drain, "log-drain");
        /* A regular file cannot be watched (EPERM), and has no reader that could leave. */
        if (fd < 0)
                return 0; /* a stream in memory */
        r = sd_event_add_io(view->event, &view->hangup, fd, 0, log_view_on_hangup, view);
        if (r < 0 && r != -EPERM)
                return error_set(reterr, r, "watch the output");
        return 0;
}

static int log_view_check_request(const LogRequest *request, Error *reterr) {
        if (request->follow && request->until_usec != UINT64_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "following has no end: --follow and --until exclude each other");
        if (request->n_sources == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "no container whose logs could be shown");
        if (request->follow && request->boot.kind != LOG_BOOT_ANY &&
            (request->boot.kind == LOG_BOOT_ID || request->boot.offset != 0))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "following goes on from the newest boot: --follow and another --boot "
                                   "exclude each other");
        for (size_t i = 0; i < request->n_sources; i++)
                if (request->sources[i].journal || !log_request_has_filters(request))
                        return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%s' has only a console, which knows no units, priorities or boots",
                           request->sources[0].container);
}

/* A boot that one container has need not be there for the others, least of all its id. */
static int check_boot(const LogView *view, Error *reterr) {
        const LogBoot *boot = &view->request->boot;
        bool offset = boot->kind == LOG_BOOT_OFFSET;

        for (size_t i = 0; i < view->n_streams; i++)
                if (view->streams[i].reader && journal_reader_has_boot(view->streams[i].reader))
                        return 0;
        if (boot->kind == LOG_BOOT_ANY || (offset && boot->offset == 0))
                return 0;
        if (offset)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "there is no boot %" PRId64 " in the log of '%s'%s", boot->offset,
                                   view->request->sources[0].container,
                                   view->n_streams > 1 ? " and the others" : "");
        return error_raise(reterr, FC_EXIT_USAGE, "there is no boot '%s' in the log of '%s'%s", boot->id,
                           view->request->sources[0].container,
                           view->n_streams > 1 ? " and the others" : "");
}

int log_view_new(const LogRequest *request, sd_event *event, FILE *out, LogView **ret, Error *reterr) {
        _cleanup_(log_view_freep) LogView *view = NULL;
        int r;

        r = log_view_check_request(request, reterr);
        if (r < 0)
                return r;
        view = xnew0(LogView, 1);
        sigbus_guard_init(&view->sigbus);
        view->request = request;
        view->out = out;
        view->event = sd_event_ref(event);
        view->lines = request->lines;
        if (view->lines == LOG_LINES_DEFAULT)
                view->lines = event && request->since_usec == 0 && request->boot.kind == LOG_BOOT_ANY
                                      ? 10
                                      : LOG_LINES_ALL;
        log_format_init(&view->format, request, out);
        if (event) {
                r = add_sources(view, reterr);
                if (r < 0)
                        return r;
        }

        view->streams = xnew0(LogStream, request->n_sources);
        view->n_streams = request->n_sources;
        for (size_t i = 0; i < view->n_streams; i++)
                view->streams[i] = (LogStream){.view = view,
                                               .source = &request->sources[i],
                                               .clock = CONSOLE_CLOCK_NULL,
                                               .clock_old = CONSOLE_CLOCK_NULL};
        for (size_t i = 0; i < view->n_streams; i++) {
                LogStream *stream = &view->streams[i];

                r = event ? log_stream_follow(stream, reterr) : log_stream_open(stream, reterr);
                if (r < 0)
                        return r;
        }
        r = check_boot(view, reterr);
        if (r < 0)
                return r;
        view->started = true;
        *ret = TAKE_PTR(view);
        return 0;
}

LogView *log_view_free(LogView *view) {
        if (!view)
                return NULL;
        for (size_t i = 0; i < view->n_streams; i++)
                log_stream_done(&view->streams[i]);
        free(view->streams);
        (void) sd_event_source_disable_unref(view->drain);
        (void) sd_event_source_disable_unref(view->hangup);
        sd_event_unref(view->event);
        buffer_done(&view->buffer);
        sigbus_guard_done(&view->sigbus);
        error_done(&view->error);
        free(view);
        return NULL;
}

void log_view_error(LogView *view, Error *reterr) {
        for (size_t i = 0; i < view->n_streams; i++) {
                path_watch_error(view->streams[i].journal_watch, reterr);
                path_watch_error(view->streams[i].console_watch, reterr);
                journald_watch_error(view->streams[i].journald, reterr);
        }
        if (error_is_set(&view->error))
                error_move(reterr, &view->error);
}
