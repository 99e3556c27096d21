/* SPDX-License-Identifier: MIT */
#pragma once

/* Overlay volumes: a directory of the user's that a container seems to write to. What is written lies in
 * .containers/volumes, with the ids that it has inside, in the directories "upper" and "work" of a directory
 * that only root can enter; it is kept, measured, saved and removed as a named volume is. */

#include "resources/resource-sources.h"

/**
 * resource_open_overlay() - the directory below
 *
 * FC_EXIT_USAGE where it is not a directory, and where what is written would lie in it.
 */
int resource_open_overlay(const Sources *sources, const PlanMount *m, bool create, Error *reterr);

/**
 * resource_try_overlay() - whether it can be laid
 * @lower: the directory as a detached mount, its ids mapped; it cannot be laid again
 *
 * Tried with another upper directory, since the container's own may be in use until it has stopped.
 * FC_EXIT_HOST, with the place, where it cannot.
 */
int resource_try_overlay(const StateDir *state, const ContainerPlan *plan, const PlanMount *m, int lower,
                         MountMaps *maps, Error *reterr);

/* Lays it. Not while the container runs. Return: a detached mount. */
int resource_lay_overlay(const StateDir *state, const ContainerPlan *plan, const PlanMount *m, int lower,
                         MountMaps *maps, Error *reterr);
