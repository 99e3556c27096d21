/* SPDX-License-Identifier: MIT */
#pragma once

/* One source of a LogView: the journal and the console's log of one container, opened, watched for what does
 * not exist yet, and read. log-view.h merges and prints several of them. Private to logs/. */

#include <sys/stat.h>

#include "base/systemd.h"
#include "logs/console-clock.h"
#include "logs/journal.h"
#include "logs/journald-watch.h"
#include "logs/line-reader.h"
#include "logs/path-watch.h"

typedef struct LogStream {
        LogView *view;
        const LogSource *source;
        JournalReader *reader; /* NULL: no directory (yet) */
        const LogEntry *entry; /* read, not yet printed */
        bool unread;           /* the reader may have more */
        LineReader *console;
        ConsoleClock clock, clock_old; /* of its lines, and of those of what it was before */
        LogText line;                  /* of it, read, not yet printed; data NULL: none */
        uint64_t line_usec;            /* when it was written; 0: unknown */
        bool line_unread;              /* the console may have more */
        uint64_t lines_before;         /* so many that are asked for are not among the last ones */
        struct stat console_seen; /* the newest file that lines of the console were read from, or that was
                                     there before; its st_ino is 0 where there was none */
        PathWatch *journal_watch, *console_watch;
        JournaldWatch *journald;
        sd_event_source *io, *timer, *console_io;
} LogStream;

/* Opens what there is of a source, or, to follow it, also watches for what there is not. */
int log_stream_open(LogStream *stream, Error *reterr);
int log_stream_follow(LogStream *stream, Error *reterr);
void log_stream_done(LogStream *stream);

/* Looks again when sd-journal wants to, where inotify is not enough (network file systems). */
int log_stream_arm_timer(LogStream *stream, Error *reterr);

/* Looks for journal files and lines that have come, without waiting to be told. */
int log_stream_refresh(LogStream *stream, Error *reterr);

/* Reads the next line of the console that is asked for, if none is there; @rest: also one that has not
 * ended. */
int log_stream_read_line(LogStream *stream, bool rest, Error *reterr);

/* Which of two streams goes first: when what it has to print was written. A line of unknown time goes before
 * all else, but behind a journal that is there beside the console, since that is of an earlier payload. */
uint64_t log_stream_line_order(const LogStream *stream);

/* Prints what log_stream_read_line() has read. */
void log_stream_print_line(LogStream *stream);
