/* SPDX-License-Identifier: MIT */
#pragma once

/* What the event log (record/event-log.h) says of a container's health. Several commands may notice the same
 * failure, one that asks and one that follows; it is written once for each run of the container. */

#include "record/phase.h"

typedef struct EventHealth {
        char **failures; /* details of `degraded` in this run of the container, the latest first */
        uint64_t since;  /* in: when the run began (CLOCK_REALTIME); 0: that is not known */
        uint64_t now;    /* in: CLOCK_REALTIME */
        bool over;       /* the last event is the end of this run; true without any event */
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

/* It does not run: adds @event, how it has ended, unless the end of the run that began at @since is what was
 * told last. */
void event_health_note_end(int dir_fd, const char *container, uint64_t since, Phase event,
                           const char *detail);
