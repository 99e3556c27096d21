/* SPDX-License-Identifier: MIT */
#pragma once

/* What is wrong inside of containers that run. The command that finds out writes it down
 * (record/event-log.h), for all others; `events -f` finds out when it happens. */

#include "bus/guest-failed.h"
#include "logs/event-view.h"
#include "running/run-records.h"

/* @failed: what its systemd says now; none: nothing is wrong. */
void health_note(const Project *project, const char *container, const FailedUnits *failed);

/* It does not run: how it ended, where its keeper was killed before it could tell that. */
void health_note_end(const Project *project, const char *container, const ContainerState *state,
                     const RunRecords *records);

typedef struct sd_event sd_event;
typedef struct HealthWatch HealthWatch;

/**
 * health_watch_new() - note what fails in containers that run, and that it does not any more
 * @names: of the containers
 *
 * Only for root, which a guest's systemd answers. It waits for signals of theirs and has no timer.
 */
int health_watch_new(Project *project, sd_event *event, char *const *names, HealthWatch **ret,
                     Error *reterr);
HealthWatch *health_watch_free(HealthWatch *watch);
DEFINE_FREEP(HealthWatch, health_watch_free);

/* Something has happened to a container: it may run since. */
void health_watch_look(HealthWatch *watch, const char *container);

/**
 * health_follow_events() - show events, and what comes, until interrupted
 * @names: of the containers in which what fails meanwhile is noted, and so shown; only for root, which a
 * guest's systemd answers. It waits for signals of theirs and has no timer.
 *
 * Return: as events_show().
 */
int health_follow_events(Project *project, char *const *names, EventRequest *request, Error *reterr);
