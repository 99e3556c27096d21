/* SPDX-License-Identifier: MIT */
#pragma once

/* What is wrong inside of containers that run. The command that finds out writes it down
 * (record/event-log.h), for all others; `events -f` finds out when it happens. */

#include "bus/guest-failed.h"
#include "logs/event-view.h"
#include "ops/project.h"

/* @failed: what its systemd says now; none: nothing is wrong. */
void health_note(const Project *project, const char *container, const FailedUnits *failed);

/* It does not run, and no record says how it ended: its supervisor or relay, which writes it, was killed
 * as well. */
void health_note_crash(const Project *project, const char *container);

/* What is known of such an end. */
#define HEALTH_CRASHED "its supervisor was killed"

/**
 * health_follow_events() - show events, and what comes, until interrupted
 * @names: of the containers in which what fails meanwhile is noted, and so shown; only for root, which a
 * guest's systemd answers. It waits for signals of theirs and has no timer.
 *
 * Return: as events_show().
 */
int health_follow_events(Project *project, char *const *names, EventRequest *request, Error *reterr);
