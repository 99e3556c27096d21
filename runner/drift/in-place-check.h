/* SPDX-License-Identifier: MIT */
#pragma once

/* What the host says to a change of a container while it runs, beside what its definitions do
 * (plan/switch.h, plan/in-place.h). */

#include "context/project.h"
#include "machine/machine.h"
#include "plan/plan.h"
#include "state/state.h"

/* Why what runs cannot be changed in place; owned by the caller, NULL: it can, as far as can be seen, or
 * that is not the question. */
char *in_place_find_obstacle(Project *project, const ContainerPlan *plan, const ContainerState *state,
                             const MachineStatus *status);
