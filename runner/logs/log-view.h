/* SPDX-License-Identifier: MIT */
#pragma once

/* The inner side of journal.h's LogView, which two files share: log-stream.c opens and watches one source,
 * log-view.c merges and prints them. Private to logs/. */

#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "logs/console.h"
#include "logs/journal.h"
#include "logs/journald-watch.h"
#include "logs/log-format.h"
#include "logs/path-watch.h"
#include "logs/sigbus.h"

typedef struct Stream {
        LogView *view;
        const LogSource *source;
        JournalReader *reader; /* NULL: no directory (yet) */
        const LogEntry *entry; /* read, not yet printed */
        bool unread;           /* the reader may have more */
        ConsoleReader *console;
        struct stat console_seen; /* the newest file that lines of the console were read from, or that was
                                     there before; its st_ino is 0 where there was none */
        PathWatch *journal_watch, *console_watch;
        JournaldWatch *journald;
        sd_event_source *io, *timer, *console_io;
} Stream;

struct LogView {
        const LogRequest *request;
        FILE *out;
        LogFormat format;
        Buffer buffer;
        Stream *streams;
        size_t n_streams;
        sd_event *event; /* NULL: do not follow */
        sd_event_source *drain, *hangup;
        uint64_t lines;
        SigbusGuard sigbus;
        bool kept;    /* the loop is not ended by us */
        bool over;    /* the reader is gone, or something has failed */
        bool started; /* the sources that existed in the beginning are open */
        Error error;
};

/* Whether lines are asked for by what only a journal knows. Where the first line since a time is in a
 * console's log may be known otherwise. */
bool log_request_has_filters(const LogRequest *request);

/* Opens what there is of a source, or, to follow it, also watches for what there is not. */
int log_stream_open(Stream *stream, Error *reterr);
int log_stream_follow(Stream *stream, Error *reterr);
void log_stream_done(Stream *stream);

/* Looks again when sd-journal wants to, where inotify is not enough (network file systems). */
int log_stream_arm_timer(Stream *stream, Error *reterr);

/* Looks for journal files that have come, without waiting to be told. */
int log_stream_refresh(Stream *stream, Error *reterr);

/* Prints the lines of the console that have come; @rest: also one that has not ended. */
int log_stream_print_console(Stream *stream, bool rest, Error *reterr);

/* Has log_view_drain() called by the event loop, if there is one. */
void log_view_schedule(LogView *view);

/* Ends the event loop. Return: what a callback of the loop returns. */
int log_view_end(LogView *view, int r);

/* Writes what is formatted. Return: 0, -EPIPE without an Error when the reader of the output is gone, or
 * another negative errno. */
int log_view_flush(LogView *view, Error *reterr);

/* Prints up to @max entries. Return: 1 when there may be more, 0 when all is printed and flushed, or as
 * log_view_flush(). */
int log_view_drain(LogView *view, size_t max, Error *reterr);

/* Output is written when so much has gathered, or when there is no more to come. */
#define LOG_FLUSH_SIZE (64 * 1024)
