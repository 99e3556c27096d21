/* SPDX-License-Identifier: MIT */
#pragma once

/* The fleet's event log: what is shown as progress is also an event (record/event-log.h), but for details
 * that only change. */

#include "fleet/fleet-member.h"
#include "record/phase.h"

/* It starts, and its state says so: whatever ends this command now, the next one finds both or the state
 * alone, and tells how it has ended. */
void fleet_note_starting(Member *m);

/* A ProgressWatch, with the fleet as its userdata. */
void fleet_on_progress(const char *container, Phase phase, const char *detail, void *fleet);
