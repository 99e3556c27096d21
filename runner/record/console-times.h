/* SPDX-License-Identifier: MIT */
#pragma once

/* When the lines of a console's log were written: a file beside the log, so that the log has what the
 * payload wrote and nothing else. It begins with which log it is about; then follow pairs of an offset in
 * that log and a time: what is written from the offset on was written at that time, as far as the next pair.
 * A pair of time 0 says that the time is not known (yet). Of two pairs of one offset the later one counts.
 * logs/ reads it.
 *
 * What cannot be written here is lost, and no reason for any failure: lines then have no time. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONSOLE_TIMES     "console.times"
#define CONSOLE_TIMES_OLD "console.times.1"

/* A keeper that makes so many of them begins both files anew: as long as the log may be. */
#define CONSOLE_TIMES_MAX (4 * 1024 * 1024 / 16)

/* Lines that come within this time of each other have one time. */
#define CONSOLE_TIMES_USEC 1000

/* Both little-endian, in the file. */
typedef struct ConsoleTime {
        uint64_t offset;
        uint64_t usec; /* CLOCK_REALTIME; 0: unknown */
} ConsoleTime;

/* The first pair: a constant, and the log's inode. */
#define CONSOLE_TIMES_MAGIC UINT64_C(0x316d746c6f736e63)

/**
 * console_times_open() - the file of a log that is there, for writing
 * @dir_fd: the directory that both lie in
 * @log_fd: the log
 * @ret_end: up to where in the log times are known, or are known not to be
 *
 * Makes the file, or begins it anew, where there is none of this log: then nothing is known of what the log
 * has by now. Return: the fd, or a negative errno.
 */
int console_times_open(int dir_fd, int log_fd, uint64_t *ret_end);

/* The current one becomes the old one. */
void console_times_rotate(int dir_fd);

/* What is written from @offset on is written now. */
void console_times_note(int fd, uint64_t offset, uint64_t usec);

/* What lies between @offset and @end was written at @usec; of what comes then nothing is known yet. */
void console_times_note_past(int fd, uint64_t offset, uint64_t end, uint64_t usec);

/* What has been written to the log since the times are known, by the log's own time of change; for a log
 * that the payload writes to by itself. Return: up to where times are known now. */
uint64_t console_times_catch_up(int fd, int log_fd, uint64_t known);

/* Keeps it within the size of CONSOLE_TIMES_MAX of them while it is read. */
void console_times_trim(int fd);
