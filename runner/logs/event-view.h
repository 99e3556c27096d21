/* SPDX-License-Identifier: MIT */
#pragma once

/* The event log (record/event-log.h) as `events` shows it. */

#include "base/error.h"

typedef struct sd_event sd_event;

typedef struct EventRequest {
        int dir_fd;              /* ".containers"; not owned */
        char *const *containers; /* only theirs; empty: all */
        uint64_t since_usec;     /* inclusive, microseconds since the epoch */
        uint64_t lines;          /* the last of them; UINT64_MAX: all */
        bool json;
        bool silent;     /* prints nothing: only `seen` is told */
        sd_event *event; /* follow, in this loop, whose only user it need not be; NULL: do not */
        /* Called for each event that comes while they are followed; may be NULL. */
        void (*seen)(const char *container, void *userdata);
        void *userdata;
} EventRequest;

/**
 * events_show() - print events to @out, oldest first; the whole of the `events` verb
 *
 * With follow it goes on until SIGINT or SIGTERM (0), until the reader of @out is gone (0), or an error. A
 * log that does not exist is an empty one, and waited for. The log is the user's: what in it is not an event
 * is left out, and nothing in it can drive a terminal.
 */
int events_show(const EventRequest *request, FILE *out, Error *reterr);
