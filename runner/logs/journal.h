/* SPDX-License-Identifier: MIT */
#pragma once

/* The logs of containers: their guests' journals, read from the host with sd-journal(3), several of them
 * merged by time; and the console's log where there is no journal (yet).
 *
 * A guest owns its journal directory (it is bind-mounted at /var/log/journal), so symbolic links in it are
 * not followed, its text is made harmless (text.h), and a file that is cut under our eyes only ends that
 * file. */

#include "base/error.h"

typedef struct sd_event sd_event;

typedef enum LogOutput {
        LOG_OUTPUT_SHORT, /* "10:02:11 redis[31]: Ready to accept connections" */
        LOG_OUTPUT_JSON,  /* one object per line */
        LOG_OUTPUT_CAT,   /* the message alone */
        _LOG_OUTPUT_MAX,
} LogOutput;

/* Where the log of one container is. Paths are relative to @dir_fd (".containers"), are resolved beneath it
 * without following links, and need not exist. */
typedef struct LogSource {
        const char *container;
        int dir_fd;                /* not owned */
        const char *journal;       /* "db/journal"; NULL: a payload without a journal */
        const char *console;       /* "db/console.log", read where there is no journal (yet); NULL: never */
        const char *console_old;   /* "db/console.log.1", what was that before; NULL: never */
        const char *console_times; /* "db/console.times", when its lines were written; NULL: unknown */
        const char *console_times_old;
        bool on_console;    /* the payload has only a console, which is read beside the journal of an earlier
                               one */
        bool console_timed; /* since_usec is known to be at this offset of the console's log: */
        uint64_t console_from;
        size_t colour;               /* of its prefix: a small number that is always the same for it */
        const char *journald_cgroup; /* of the guest, to see when it writes; NULL: unknown */
        int cgroup_fd;               /* what that is relative to: the host's cgroup2; not owned */
} LogSource;

/* Which boot of a guest. */
typedef struct LogBoot {
        enum { LOG_BOOT_ANY, LOG_BOOT_OFFSET, LOG_BOOT_ID } kind;
        int64_t offset; /* 0: the newest, -1: the one before it, 1: the first */
        char id[33];    /* in lower case */
} LogBoot;

typedef struct LogPattern LogPattern; /* log-filter.h */

#define LOG_LINES_ALL     UINT64_MAX
#define LOG_LINES_DEFAULT (UINT64_MAX - 1) /* all; with follow and neither since nor boot: 10 */

typedef struct LogRequest {
        const LogSource *sources;
        size_t n_sources;
        char *const *units;     /* full names (log_unit_name()); empty: all */
        const char *invocation; /* only what belongs to this start of a unit; NULL: any */
        pid_t pid;              /* messages of this process count as the units', too; 0: none */
        unsigned priority_first, priority_last; /* 0 (emerg) to 7 (debug), see log_priority_parse() */
        uint64_t since_usec, until_usec;        /* inclusive, microseconds since the epoch */
        uint64_t lines;                         /* of each container: the last of them; journal entries */
        LogBoot boot;                           /* followed, the newest goes over into the next ones */
        LogPattern *pattern;                    /* that the message has; NULL: any */
        bool no_colour, no_prefix;              /* of short output */
        bool no_console_times;                  /* likewise: the reader sees when a console's lines come */
        bool services_only;                     /* not what the system says of itself (log-noise.h) */
        bool follow;
        LogOutput output;
} LogRequest;

#define LOG_REQUEST_INIT                                                                                    \
        ((LogRequest){.priority_last = 7, .until_usec = UINT64_MAX, .lines = LOG_LINES_DEFAULT})

/**
 * logs_show() - print logs to @out as asked; the whole of the `logs` verb
 *
 * Without follow it returns when everything is printed. With follow it runs its own event loop until SIGINT
 * or SIGTERM (0), until the reader of @out is gone (0, also while nothing is being logged), or until an
 * error. It then waits for what does not exist yet (the container was never started) and goes on over
 * restarts of the guest, a new machine id, rotation, and a container directory that is removed and made
 * again. No polling: an entry is printed when the guest's journald has written it (journald-watch.h) or,
 * where that cannot be watched, when it announces it, 250 to 500 ms later.
 *
 * Short output has the container's name in front when there are several, the date when it is not today's,
 * and colours when @out is a terminal. Cat output is raw bytes unless @out is a terminal.
 *
 * A console has neither units nor priorities or boots: it is left out when any of these is asked for, which
 * is an error (FC_EXIT_USAGE) when nothing else is there, as is following with an end (until, an older
 * boot), or a boot that none of them had. A line whose time is not known is left out when times are asked
 * for. The caller ignores SIGPIPE.
 */
int logs_show(const LogRequest *request, FILE *out, Error *reterr);

typedef struct LogView LogView;

/* The parts of a following logs_show() for a caller with an event loop of its own (`up` that stays
 * attached): prints what there is and then what comes, from the loop. The loop is ended with 0 when the
 * reader is gone, with a negative errno on failure; log_view_error() then moves the error out. @request,
 * which has `follow` set, and what it points to, @event and @out must outlive the view. */
int log_view_new(const LogRequest *request, sd_event *event, FILE *out, LogView **ret, Error *reterr);
LogView *log_view_free(LogView *view);
DEFINE_FREEP(LogView, log_view_free);
void log_view_error(LogView *view, Error *reterr);

/* From now on another part of the program ends the loop: when the reader is gone, or on failure, only the
 * view ends. */
void log_view_keep_loop(LogView *view);

/* Prints what is left, when nothing more is going to be logged. Return: 0, -EPIPE without an Error when the
 * reader is gone, or another negative errno. */
int log_view_finish(LogView *view, Error *reterr);

/* journald cannot find the unit of a process that ends at once, or before journald runs: only its PID is
 * known. */
typedef struct JournalUnit {
        const char *name;
        const char *invocation; /* none from before this start of it; NULL: of any */
        pid_t pid;              /* its main process in that start; 0: unknown */
        uint64_t started_usec;  /* of that process, CLOCK_REALTIME */
} JournalUnit;

/**
 * journal_unit_tail() - the last lines of a unit, for the report of its failure
 * @journal_dir: as opened by the caller, best "/proc/self/fd/N" of a directory that was opened safely
 * @since_usec: earlier entries are left out
 * @ret_last_usec: when the last one was written, CLOCK_REALTIME; set with lines only; may be NULL
 *
 * Lines like "10:11:02.118 postgres[61]: FATAL: ...", oldest first, at most @n, safe for a terminal; further
 * lines of one message are indented. They contain what the unit printed and what the guest's manager said of
 * it. No entry, or no journal at all, is success with *ret_lines = NULL. Free them with strv_free().
 */
int journal_unit_tail(const char *journal_dir, const JournalUnit *unit, uint64_t since_usec, size_t n,
                      char ***ret_lines, uint64_t *ret_last_usec, Error *reterr);
