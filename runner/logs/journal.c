/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "base/systemd.h"
#include "logs/journal-reader.h"
#include "logs/journal.h"
#include "logs/log-format.h"
#include "logs/log-view.h"
#include "logs/sigbus.h"

static int print_all(const LogRequest *request, FILE *out, Error *reterr) {
        _cleanup_(log_view_freep) LogView *view = NULL;
        int r;

        r = log_view_new(request, NULL, out, &view, reterr);
        while (r >= 0 && (r = log_view_drain(view, SIZE_MAX, reterr)) > 0)
                ;
        return r == -EPIPE && !error_is_set(reterr) ? 0 : r;
}

static int journal_follow(const LogRequest *request, FILE *out, Error *reterr) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(log_view_freep) LogView *view = NULL;
        int r;

        r = sd_event_new(&event);
        /* Without a callback the loop ends with the userdata, 0. Blocked while the source exists. */
        r = r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        r = r < 0 ? r : sd_event_add_signal(event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r < 0)
                return error_set(reterr, r, "make an event loop");
        r = log_view_new(request, event, out, &view, reterr);
        if (r < 0)
                return r;
        r = sd_event_loop(event);
        if (r < 0) {
                (void) error_set(reterr, r, "follow logs");
                log_view_error(view, reterr);
        }
        return r;
}

int logs_show(const LogRequest *request, FILE *out, Error *reterr) {
        return request->follow ? journal_follow(request, out, reterr) : print_all(request, out, reterr);
}

static int open_reader(const char *journal_dir, const LogRequest *request, uint64_t lines,
                       JournalReader **ret, Error *reterr) {
        _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
        int dir_fd = open(journal_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (dir_fd < 0)
                return error_set(reterr, errno, "open the journal '%s'", journal_dir);
        r = journal_reader_new(dir_fd, request, &reader, reterr);
        if (r >= 0)
                r = journal_reader_seek(reader, lines, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(reader);
        return 0;
}

static int read_tail(const char *journal_dir, const LogRequest *request, char ***ret_lines,
                     uint64_t *ret_last_usec, Error *reterr) {
        _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
        _cleanup_strv_ char **lines = NULL;
        const LogEntry *entry;
        int r;

        r = open_reader(journal_dir, request, request->lines, &reader, reterr);
        while (r >= 0 && (r = journal_reader_next(reader, &entry, reterr)) > 0) {
                log_format_evidence(entry, &lines);
                if (ret_last_usec)
                        *ret_last_usec = entry->realtime_usec;
        }
        if (r < 0)
                return r;
        /* Entries were counted; a message of several lines makes more of them. */
        for (size_t n = strv_length(lines); n > request->lines; n--) {
                free(lines[0]);
                memmove(lines, lines + 1, n * sizeof(*lines));
        }
        *ret_lines = TAKE_PTR(lines);
        return 0;
}

/* Moves the beginning to the first entry of that start. Not all of its lines carry its id: journald may not
 * know it for a process that ends at once, and such lines may be before those that do. */
static int skip_older_starts(const char *journal_dir, const JournalUnit *unit, LogRequest *request,
                             Error *reterr) {
        _cleanup_(journal_reader_freep) JournalReader *reader = NULL;
        LogRequest first = *request;
        const LogEntry *entry;
        int r;

        first.invocation = unit->invocation;
        r = open_reader(journal_dir, &first, LOG_LINES_ALL, &reader, reterr);
        if (r >= 0)
                r = journal_reader_next(reader, &entry, reterr);
        if (r <= 0)
                return r;
        if (unit->pid <= 0 || unit->started_usec >= entry->realtime_usec)
                request->since_usec = entry->realtime_usec;
        else if (unit->started_usec > request->since_usec)
                request->since_usec = unit->started_usec;
        return r;
}

int journal_unit_tail(const char *journal_dir, const JournalUnit *unit, uint64_t since_usec, size_t n,
                      char ***ret_lines, uint64_t *ret_last_usec, Error *reterr) {
        char *units[] = {(char *) unit->name, NULL}, **lines = NULL;
        LogRequest request = LOG_REQUEST_INIT;
        SigbusGuard guard;
        int r;

        request.units = units;
        request.pid = unit->pid;
        request.since_usec = since_usec;
        request.lines = n;
        if (access(journal_dir, F_OK) < 0 && errno == ENOENT) {
                *ret_lines = NULL;
                return 0;
        }
        sigbus_guard_init(&guard);
        r = unit->invocation ? skip_older_starts(journal_dir, unit, &request, reterr) : 0;
        if (r >= 0)
                r = read_tail(journal_dir, &request, &lines, ret_last_usec, reterr);
        sigbus_guard_done(&guard);
        if (r >= 0)
                *ret_lines = lines;
        return r;
}
