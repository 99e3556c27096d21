/* SPDX-License-Identifier: MIT */
#pragma once

/* How a log entry is written. Private to logs/. */

#include <time.h>

#include "logs/journal-reader.h"

typedef struct LogFormat {
        LogOutput output;
        bool terminal; /* guest bytes must be made safe even in LOG_OUTPUT_CAT */
        bool colour;
        bool no_console_times;
        size_t prefix_width; /* of the longest container's name; 0: no prefixes */
        time_t clock_second; /* whose text `clock` is */
        char clock[40];
} LogFormat;

/* @out: to know what may be written there. */
void log_format_init(LogFormat *format, const LogRequest *request, FILE *out);

/* Appends one entry with its line end. */
void log_format_entry(LogFormat *format, Buffer *buffer, const LogSource *source, const LogEntry *entry);

/* The same for a line of a console, which has only text, and a time if that is known (not 0). */
void log_format_console(LogFormat *format, Buffer *buffer, const LogSource *source, uint64_t usec,
                        LogText line);

/* The lines of one entry as journal_unit_tail() gives them. */
void log_format_evidence(const LogEntry *entry, char ***lines);
