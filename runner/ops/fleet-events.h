/* SPDX-License-Identifier: MIT */
#pragma once

/* The fleet's event log: what is shown as progress is also an event (record/event-log.h), but for details
 * that only change. */

#include "record/phase.h"

/* A ProgressWatch, with the fleet as its userdata. */
void fleet_on_progress(const char *container, Phase phase, const char *detail, void *fleet);
