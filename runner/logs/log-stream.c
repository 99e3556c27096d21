/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "base/fs.h"
#include "logs/log-filter.h"
#include "logs/log-view.h"

/* Within a journal sd_journal_process() may move the reader, which must not happen to an entry that was read
 * but not yet printed: so it runs only when the drain (normal priority) has nothing more to print. */
#define PROCESS_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 5)

static bool wants_console(const LogView *view, const LogSource *source) {
        return source->console && !log_request_has_filters(view->request);
}

static void close_console(LogStream *stream) {
        stream->console = line_reader_free(stream->console);
        stream->line = (LogText){0};
        console_clock_done(&stream->clock);
        console_clock_done(&stream->clock_old);
}

static void drop_reader(LogStream *stream) {
        stream->io = sd_event_source_disable_unref(stream->io);
        stream->timer = sd_event_source_disable_unref(stream->timer);
        stream->reader = journal_reader_free(stream->reader);
        stream->entry = NULL;
        stream->unread = false;
}

/* Whether it is asked for. Where its time is not known, it is not known to be in a span of time either; a
 * view that begins at a known place of the console has no other lines. */
static int line_is_wanted(const LogStream *stream, LogText line, uint64_t usec, Error *reterr) {
        const LogRequest *request = stream->view->request;
        uint64_t since = stream->source->console_timed ? 0 : request->since_usec;

        if (usec < since || (request->until_usec != UINT64_MAX && (usec == 0 || usec > request->until_usec)))
                return 0;
        return request->pattern ? log_pattern_match(request->pattern, line.data, line.size, reterr) : 1;
}

int log_stream_read_line(LogStream *stream, bool rest, Error *reterr) {
        while (!stream->line.data && stream->console && stream->line_unread) {
                LogText line;
                uint64_t end;
                bool old;
                int r;

                r = line_reader_next(stream->console, &line.data, &line.size, reterr);
                if (r == 0) {
                        stream->line_unread = false;
                        r = rest && line_reader_rest(stream->console, &line.data, &line.size);
                }
                if (r <= 0)
                        return r;
                end = line_reader_end(stream->console, &old);
                stream->line_usec =
                        console_clock_at(old ? &stream->clock_old : &stream->clock, end > 0 ? end - 1 : 0);
                r = line_is_wanted(stream, line, stream->line_usec, reterr);
                if (r < 0)
                        return r;
                if (r > 0 && stream->lines_before > 0)
                        stream->lines_before--;
                else if (r > 0)
                        stream->line = line;
        }
        return 0;
}

uint64_t log_stream_line_order(const LogStream *stream) {
        return stream->line_usec == 0 && stream->source->on_console && stream->reader ? UINT64_MAX
                                                                                      : stream->line_usec;
}

void log_stream_print_line(LogStream *stream) {
        LogView *view = stream->view;

        log_format_console(&view->format, &view->buffer, stream->source, stream->line_usec, stream->line);
        stream->line = (LogText){0};
}

/* Prints what is left of it and closes it. */
static int drop_console(LogStream *stream, Error *reterr) {
        int r = 0;

        stream->line_unread = true;
        while (r >= 0 && (r = log_stream_read_line(stream, /* rest= */ true, reterr)) >= 0 &&
               stream->line.data) {
                log_stream_print_line(stream);
                if (stream->view->buffer.size >= LOG_FLUSH_SIZE)
                        r = log_view_flush(stream->view, reterr);
        }
        stream->console_io = sd_event_source_disable_unref(stream->console_io);
        close_console(stream);
        return r == -EPIPE ? log_view_end(stream->view, 0) : r;
}

/* From the first journal file on, the journal is the better source for the programs that write to it. */
static bool prefers_journal(const LogStream *stream) {
        return !stream->source->on_console && stream->reader && journal_reader_has_files(stream->reader);
}

static int leave_console(LogStream *stream, Error *reterr) {
        int r;

        if (!stream->console_watch || !prefers_journal(stream))
                return 0;
        r = drop_console(stream, reterr);
        stream->console_watch = path_watch_free(stream->console_watch);
        return r;
}

static int process_journal(LogStream *stream) {
        LogView *view = stream->view;
        int r;

        r = journal_reader_process(stream->reader, &view->error);
        if (r > 0) {
                stream->unread = true;
                log_view_schedule(view);
                r = leave_console(stream, &view->error);
        }
        return r < 0 ? log_view_end(view, r) : 0;
}

int log_stream_refresh(LogStream *stream, Error *reterr) {
        int r;

        stream->line_unread = true;
        if (!stream->reader)
                return 0;
        r = journal_reader_process(stream->reader, reterr);
        stream->unread = true;
        return r < 0 ? r : leave_console(stream, reterr);
}

static int on_journal_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return process_journal(userdata);
}

static int on_journal_time(sd_event_source *source, uint64_t usec, void *userdata) {
        return process_journal(userdata);
}

static int watch_journal(LogStream *stream, Error *reterr) {
        int fd, r;

        fd = journal_reader_fd(stream->reader, reterr);
        if (fd < 0)
                return fd;
        r = sd_event_add_io(stream->view->event, &stream->io, fd, EPOLLIN, on_journal_io, stream);
        if (r >= 0)
                r = sd_event_source_set_priority(stream->io, PROCESS_PRIORITY);
        if (r < 0)
                return error_set(reterr, r, "watch the journal of '%s'", stream->source->container);
        (void) sd_event_source_set_description(stream->io, "journal");
        return 0;
}

int log_stream_arm_timer(LogStream *stream, Error *reterr) {
        uint64_t usec = stream->reader ? journal_reader_timeout(stream->reader) : UINT64_MAX;
        int r;

        stream->timer = sd_event_source_disable_unref(stream->timer);
        if (usec == UINT64_MAX)
                return 0;
        r = sd_event_add_time(stream->view->event, &stream->timer, CLOCK_MONOTONIC, usec, 0, on_journal_time,
                              stream);
        if (r >= 0)
                r = sd_event_source_set_priority(stream->timer, PROCESS_PRIORITY);
        return r < 0 ? error_set(reterr, r, "watch the journal of '%s'", stream->source->container) : 0;
}

/* Takes the fd of the journal's directory; -EBADF: it is gone. */
static int log_stream_open_journal(LogStream *stream, int fd, Error *reterr) {
        LogView *view = stream->view;
        int r;

        drop_reader(stream);
        if (fd < 0)
                return 0;
        r = journal_reader_new(fd, view->request, &stream->reader, reterr);
        /* What comes to exist while we follow is new as a whole. */
        if (r >= 0)
                r = journal_reader_seek(stream->reader, view->started ? LOG_LINES_ALL : view->lines, reterr);
        if (r >= 0 && view->event)
                r = watch_journal(stream, reterr);
        if (r >= 0)
                r = leave_console(stream, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "log of '%s'", stream->source->container);
        stream->unread = true;
        log_view_schedule(view);
        return 0;
}

static int on_journal_directory(int fd, void *userdata, Error *reterr) {
        return log_stream_open_journal(userdata, fd, reterr);
}

static int on_console_change(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        LogStream *stream = userdata;

        stream->line_unread = true;
        log_view_schedule(stream->view);
        return 0;
}

static bool log_stream_is_same_file(const struct stat *a, const struct stat *b) {
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What was the console's log before @fd, as far as it has not been read yet; *ret_fd -EBADF: nothing. While
 * we follow that is a file that came and went between two looks. */
static int open_console_before(const LogStream *stream, int fd, int *ret_fd, Error *reterr) {
        const LogSource *source = stream->source;
        _cleanup_close_ int old = -EBADF;
        struct stat st, seen = stream->console_seen;
        int r = 0;

        if (source->console_old)
                r = fs_open_file_beneath_optional(source->dir_fd, source->console_old, &old, reterr);
        if (r < 0)
                return r;
        if (old >= 0 && (fstat(old, &st) < 0 || (!stream->view->started && fstat(fd, &seen) < 0)))
                return error_set(reterr, errno, "look at the console's log");
        *ret_fd = old >= 0 && !log_stream_is_same_file(&st, &seen) ? TAKE_FD(old) : -EBADF;
        return 0;
}

/* The readers own @fd and @old, and end when the clocks do. */
static int open_clocks(LogStream *stream, int fd, int old, Error *reterr) {
        const LogSource *source = stream->source;
        int r = 0;

        if (source->console_times)
                r = console_clock_open(source->dir_fd, source->console_times, fd, &stream->clock, reterr);
        if (r >= 0 && old >= 0 && source->console_times_old)
                r = console_clock_open(source->dir_fd, source->console_times_old, old, &stream->clock_old,
                                       reterr);
        return r;
}

/* @last: of the lines that are asked for, which may all be far from the end. */
static int seek_to_last(LogStream *stream, uint64_t last, Error *reterr) {
        LineReader *console = stream->console;
        uint64_t n = 0;
        int r;

        stream->console = line_reader_copy(console, reterr);
        r = stream->console ? line_reader_seek(stream->console, UINT64_MAX, reterr) : -EBADF;
        while (r >= 0 && (r = log_stream_read_line(stream, /* rest= */ true, reterr)) >= 0 &&
               stream->line.data) {
                stream->line = (LogText){0};
                n++;
        }
        (void) line_reader_free(stream->console);
        stream->console = console;
        stream->line_unread = true;
        stream->lines_before = n > last ? n - last : 0;
        return r < 0 ? r : line_reader_seek(console, UINT64_MAX, reterr);
}

/* Takes the fd of the console's log; -EBADF: it is gone. */
static int log_stream_open_console(LogStream *stream, int fd, Error *reterr) {
        LogView *view = stream->view;
        _cleanup_close_ int owned = fd, old = -EBADF;
        int r = 0;

        /* Before the one that is open now is closed: its number could come back as another file's. */
        if (fd >= 0)
                r = open_console_before(stream, fd, &old, reterr);
        if (r >= 0 && fd >= 0 && fstat(fd, &stream->console_seen) < 0)
                r = error_set(reterr, errno, "look at the console's log");
        if (r < 0)
                return error_prefix(reterr, r, "log of '%s'", stream->source->container);
        r = drop_console(stream, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = open_clocks(stream, fd, old, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "log of '%s'", stream->source->container);
        stream->console = line_reader_new(TAKE_FD(owned), TAKE_FD(old));
        stream->line_unread = true;
        if (stream->source->console_timed && view->request->since_usec > 0 && !view->started)
                r = line_reader_seek_to(stream->console, stream->source->console_from, reterr);
        else if (view->request->until_usec != UINT64_MAX && view->lines != LOG_LINES_ALL)
                r = seek_to_last(stream, view->lines, reterr);
        else
                r = line_reader_seek(stream->console, view->started ? UINT64_MAX : view->lines, reterr);
        if (r >= 0 && view->event) {
                r = sd_event_add_inotify_fd(view->event, &stream->console_io, fd, IN_MODIFY,
                                            on_console_change, stream);
                if (r < 0)
                        r = error_set(reterr, r, "watch the console's log");
        }
        if (r < 0)
                return error_prefix(reterr, r, "log of '%s'", stream->source->container);
        log_view_schedule(view);
        return 0;
}

static int on_console_file(int fd, void *userdata, Error *reterr) {
        return log_stream_open_console(userdata, fd, reterr);
}

static void on_journald(void *userdata) {
        LogStream *stream = userdata;

        if (!stream->reader)
                return;
        stream->unread = true;
        log_view_schedule(stream->view);
}

int log_stream_follow(LogStream *stream, Error *reterr) {
        const LogSource *source = stream->source;
        LogView *view = stream->view;
        int r;

        if (source->journal) {
                r = path_watch_new(view->event, source->dir_fd, source->journal, PATH_DIRECTORY,
                                   on_journal_directory, stream, &stream->journal_watch, reterr);
                if (r >= 0 && source->journald_cgroup)
                        r = journald_watch_new(view->event, source->cgroup_fd, source->journald_cgroup,
                                               on_journald, stream, &stream->journald, reterr);
                if (r < 0)
                        return r;
        }
        if (!wants_console(view, source) || prefers_journal(stream))
                return 0;
        /* Where there is no log now, what comes is new as a whole, but not what was there before it. */
        if (source->console_old &&
            fstatat(source->dir_fd, source->console_old, &stream->console_seen, AT_SYMLINK_NOFOLLOW) < 0)
                stream->console_seen = (struct stat){0};
        r = path_watch_new(view->event, source->dir_fd, source->console, PATH_FILE, on_console_file, stream,
                           &stream->console_watch, reterr);
        return r < 0 ? error_prefix(reterr, r, "log of '%s'", source->container) : 0;
}

int log_stream_open(LogStream *stream, Error *reterr) {
        const LogSource *source = stream->source;
        int fd, r;

        if (source->journal) {
                r = fs_open_beneath_optional(source->dir_fd, source->journal, O_RDONLY | O_DIRECTORY, &fd,
                                             reterr);
                if (r >= 0)
                        r = log_stream_open_journal(stream, fd, reterr);
                if (r >= 0 && stream->reader)
                        r = journal_reader_check(stream->reader, source->container, reterr);
                if (r < 0)
                        return r;
        }
        if (!wants_console(stream->view, source) || prefers_journal(stream))
                return 0;
        r = fs_open_file_beneath_optional(source->dir_fd, source->console, &fd, reterr);
        return r < 0 ? error_prefix(reterr, r, "log of '%s'", source->container)
                     : log_stream_open_console(stream, fd, reterr);
}

void log_stream_done(LogStream *stream) {
        stream->journald = journald_watch_free(stream->journald);
        stream->journal_watch = path_watch_free(stream->journal_watch);
        stream->console_watch = path_watch_free(stream->console_watch);
        drop_reader(stream);
        stream->console_io = sd_event_source_disable_unref(stream->console_io);
        close_console(stream);
}
