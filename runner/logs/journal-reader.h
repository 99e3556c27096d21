/* SPDX-License-Identifier: MIT */
#pragma once

/* One guest's journal directory: opening it safely, choosing entries, reading them one by one. Private to
 * logs/; the only file that talks to sd-journal(3). */

#include "logs/journal.h"
#include "screen/buffer.h"

/* Text as the guest wrote it: any bytes, not NUL-terminated. `data` NULL: the entry has no such field. */
typedef struct LogText {
        const char *data;
        size_t size;
} LogText;

/* Valid until the next call to the reader. */
typedef struct LogEntry {
        uint64_t realtime_usec;
        int priority; /* 0..7, or -1 */
        LogText message, ident, pid, unit;
} LogEntry;

typedef struct JournalReader JournalReader;

/**
 * journal_reader_new() - open a journal directory
 * @dir_fd: ownership passes, also on failure
 * @request: its filters (units, priorities, times, lines, boot) and its output, which tells the fields to
 * read; must outlive the reader
 *
 * With `follow` changes are watched from now on, so that nothing written after this call is missed. The
 * directory may be empty. Call journal_reader_seek() next.
 */
int journal_reader_new(int dir_fd, const LogRequest *request, JournalReader **ret, Error *reterr);
JournalReader *journal_reader_free(JournalReader *reader);
DEFINE_FREEP(JournalReader, journal_reader_free);

/* Goes to the first entry that the request asks for; @lines: at most so many before the end
 * (LOG_LINES_ALL). */
int journal_reader_seek(JournalReader *reader, uint64_t lines, Error *reterr);

/* The next entry that matches. Return: 1, 0 when there is none (yet), 2 when a good many were read that do
 * not match and the caller may want to look at something else before it calls again, or a negative errno. */
int journal_reader_next(JournalReader *reader, const LogEntry **ret, Error *reterr);

/* After journal_reader_seek(): whether the boot that was asked for is there. Without, there is no entry. */
bool journal_reader_has_boot(const JournalReader *reader);

/* Whether there is any journal file that can be read. */
bool journal_reader_has_files(JournalReader *reader);

/* FC_EXIT_HOST when there are journal files, but none that can be read (damaged, or too new). */
int journal_reader_check(JournalReader *reader, const char *container, Error *reterr);

/* For an event loop, see sd_journal_get_fd(3): wait for EPOLLIN on the fd (owned by the reader) or for the
 * time (CLOCK_MONOTONIC in microseconds; UINT64_MAX: the fd is enough), call process, then read on.
 * journal_reader_process() returns 1 when there may be something new, 0, or a negative errno. */
int journal_reader_fd(JournalReader *reader, Error *reterr);
uint64_t journal_reader_timeout(JournalReader *reader);
int journal_reader_process(JournalReader *reader, Error *reterr);
