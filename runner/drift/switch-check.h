/* SPDX-License-Identifier: MIT */
#pragma once

/* What two NixOS systems say to a switch from the one to the other, beside what their definitions do
 * (plan/switch.h). Looks at both in the store, and at what the container's root boots. */

#include "context/project.h"
#include "plan/plan.h"
#include "state/state.h"

/* Why what runs cannot take its new system in place; owned by the caller, NULL: it can, as far as can be
 * seen, or that is not the question. */
char *switch_find_obstacle(Project *project, const ContainerPlan *plan, const ContainerState *state,
                           const MachineStatus *status);

/* The root of a container that is there, to change what it boots. @fd: -EBADF where there is none */
int switch_open_root(const ContainerSpec *spec, int container_fd, int *ret_fd, Error *reterr);
