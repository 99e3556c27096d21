/* SPDX-License-Identifier: MIT */
#pragma once

/* Reads a file line by line while it grows: the console's log of a container, and the event log. A console's
 * log is bytes as the payload wrote them to its console, with escape sequences, carriage returns and a last
 * line that may not have ended. It is what there is when the guest keeps no journal, or died before it had
 * one. */

#include "base/error.h"

typedef struct LineReader LineReader;

/**
 * line_reader_tail() - the last lines of a console log, safe for a terminal, oldest first
 * @fd: the file, not owned, open for reading; its position is not used
 * @from: nothing before this offset, for a log of which only the last run matters
 * @n: at most so many; a last line without its end counts, empty lines too
 *
 * An empty file is success with *ret_lines = NULL. Free them with strv_free().
 */
int line_reader_tail(int fd, uint64_t from, uint64_t n, char ***ret_lines, Error *reterr);

/* Reads a file line by line and goes on when it grows. @old_fd: the part before it, which does not
 * grow any more and is read first; -EBADF: there is none. Ownership of both passes. */
LineReader *line_reader_new(int fd, int old_fd);
LineReader *line_reader_free(LineReader *reader);

/* Another one of the same files, at their beginning. NULL: it has failed. */
LineReader *line_reader_copy(const LineReader *reader, Error *reterr);
DEFINE_FREEP(LineReader, line_reader_free);

/* To the beginning of the @n-th line from the end; UINT64_MAX: the beginning. */
int line_reader_seek(LineReader *reader, uint64_t n, Error *reterr);

/* To an offset of what was the log once: one that it is too short for was that of the part before it. When
 * that is too short as well, to the beginning of the log. */
int line_reader_seek_to(LineReader *reader, uint64_t offset, Error *reterr);

/**
 * line_reader_next() - the next line that has ended
 *
 * *ret_line is valid until the next call, not NUL-terminated and *not* safe for a terminal; where the
 * payload returned to the line's beginning (progress bars) it is what a screen would show last. A file that
 * was truncated is read from its beginning, after what was left of the old line. A line of more than 64 KiB
 * comes in pieces. Return: 1, 0 when there is none yet, or a negative errno.
 */
int line_reader_next(LineReader *reader, const char **ret_line, size_t *ret_size, Error *reterr);

/* What was read of a line that has not ended, for the end of reading. Return: whether there is anything. */
bool line_reader_rest(LineReader *reader, const char **ret_line, size_t *ret_size);

/* Where the line that was returned last ends, with what separates it from the next. @ret_old: in the part
 * before. */
uint64_t line_reader_end(const LineReader *reader, bool *ret_old);
