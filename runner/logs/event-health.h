/* SPDX-License-Identifier: MIT */
#pragma once

/* What the event log (record/event-log.h) says of a container's health. Several commands may notice the same
 * failure, one that asks and one that follows; it is written once for each run of the container. */

#include "base/macro.h"

typedef struct EventHealth {
        char **failures; /* details of `degraded` in this run of the container, the latest first */
        bool over;       /* nothing of it runs after the last event; true without any */
        bool seen;       /* there was an event */
        bool complete;   /* what stands before is not about this run */
} EventHealth;

#define EVENT_HEALTH_NULL ((EventHealth){.over = true})

void event_health_done(EventHealth *health);

/**
 * event_health_read() - add what one file of the log says
 * @health: in and out; of the files that are newer
 *
 * From the end on, and no further than to where this run of the container begins. What is not an event
 * counts for nothing. Pure.
 */
void event_health_read(const char *text, const char *container, EventHealth *health);

/**
 * event_health_note() - what is wrong inside of a container now
 * @failures: one text each; NULL: nothing
 *
 * Adds what is not known of this run of the container as `degraded`, or, when nothing is wrong any more,
 * that it has `recovered`.
 */
void event_health_note(int dir_fd, const char *container, char *const *failures);

/* It has ended, and no record says how: adds that it has `crashed`, unless it is known to have ended. */
void event_health_note_crash(int dir_fd, const char *container, const char *detail);
