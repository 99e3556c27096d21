/* SPDX-License-Identifier: MIT */
#pragma once

/* Opening what a plan names on the host, and refusing what is not of the right kind. All return a descriptor
 * and raise errors that name the place. */

#include "plan/plan.h"
#include "project/source.h"
#include "rootfs/mount-maps.h"

/* A directory or file of the user's. @notes: gets remarks for the user about sources that are not
 * refused. */
int resource_open_volume(const Sources *sources, const PlanMount *m, char ***notes, Error *reterr);

int resource_open_credential(const Sources *sources, const PlanMount *m, Error *reterr);

/* The directory that a root is made from. */
int resource_open_image(const Sources *sources, const ContainerPlan *plan, Error *reterr);

/* The toplevel. */
int resource_open_toplevel(const Sources *sources, const ContainerPlan *plan, Error *reterr);

/* The store that the toplevel is in. */
int resource_open_store(const Sources *sources, const ContainerPlan *plan, Error *reterr);

/* The part of the store that the plan's closure lists. Return: a detached mount, its ids mapped. */
int resource_mount_closure(const Sources *sources, const ContainerPlan *plan, const PlanMount *m,
                           MountMaps *maps, Error *reterr);
