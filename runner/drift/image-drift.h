/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether the image that a root was copied from has become another one since. It stays a copy of the old one
 * until `reset`. */

#include "context/project.h"
#include "plan/plan.h"

/* @container_fd: `.containers/NAME`. Only root sees it; where it cannot be said it is not so. */
bool image_drift_is_there(Project *project, const ContainerPlan *plan, int container_fd);
