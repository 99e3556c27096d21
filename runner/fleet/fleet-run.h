/* SPDX-License-Identifier: MIT */
#pragma once

/* The fleet's third part: what happens from the first stop or start on, driven by events. None is started
 * before those of the fleet that it depends on have come as far as it needs them, and none is stopped before
 * those that depend on it. */

#include "fleet/fleet-member.h"

/* Brings each member to its goal. Each one's outcome is in its error, and printed unless the run was
 * interrupted. Return: the exit status of the command; @reterr is set for what concerns no single member. */
int fleet_run(Fleet *fleet, Error *reterr);
