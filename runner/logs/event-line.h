/* SPDX-License-Identifier: MIT */
#pragma once

/* A line of the event log (record/event-log.h), which is the user's: it may say anything. Pure, but for the
 * time zone. */

#include <stddef.h>
#include <time.h>

#include "base/macro.h"

typedef struct EventLine {
        uint64_t usec; /* CLOCK_REALTIME */
        char *container, *event;
        char *detail; /* or NULL */
} EventLine;

void event_line_done(EventLine *line);

/* Return: false when the text is not an event. */
bool event_line_parse(const char *text, size_t size, EventLine *ret);

/* As people read it, safe for a terminal: "2026-11-22 10:02:11 db: ready"; without the date when that is the
 * one of @now. Owned by the caller. */
char *event_line_format(const EventLine *line, time_t now);
