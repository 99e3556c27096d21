/* SPDX-License-Identifier: MIT */
#pragma once

/* What `up` and `restart` say beside the containers' own lines: first which project it is and what will be
 * done, last what has come of it. Nothing where nothing is to be done, and nothing as JSON. */

#include "fleet/fleet-member.h"

/* Explains a failure below the line that tells it. One that was only skipped has a reason in its own. */
void fleet_say_failure(Member *m, Phase phase);

/* Once each has its goal. */
void fleet_say_plan(const Fleet *fleet);

/* At the end of all, unless it was interrupted. */
void fleet_say_outcome(const Fleet *fleet);
