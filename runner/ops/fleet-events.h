/* SPDX-License-Identifier: MIT */
#pragma once

/* The fleet's side of the event log (record/event-log.h): what `up`, `down` and `restart` show as progress
 * is remembered, but for details that only change. */

#include "record/phase.h"
#include "ops/fleet.h"

/* A ProgressWatch, with the fleet as its userdata. */
void fleet_on_progress(const char *container, Phase phase, const char *detail, void *fleet);
