/* SPDX-License-Identifier: MIT */
#pragma once

/* When the lines of a console's log were written, as the keepers note it (record/console-times.h). The file
 * is the developer's, and so may say anything: what does not make sense is not known. */

#include "base/error.h"
#include "record/console-times.h"

typedef struct ConsoleClock {
        int fd; /* -EBADF: no line has a time */
        int log_fd;
        off_t read_to;
        ConsoleTime *times; /* by offset */
        size_t n;
        uint64_t looked_to; /* how long the log was when its times were read last */
        size_t at;          /* which one was found last */
} ConsoleClock;

#define CONSOLE_CLOCK_NULL ((ConsoleClock){.fd = -EBADF})

/* @name: beneath @dir_fd; @log_fd: what it is about, kept by the caller. */
int console_clock_open(int dir_fd, const char *name, int log_fd, ConsoleClock *ret, Error *reterr);
void console_clock_done(ConsoleClock *clock);

/* When the byte at @offset of the log was written; 0: unknown. */
uint64_t console_clock_at(ConsoleClock *clock, uint64_t offset);
