/* SPDX-License-Identifier: MIT */
#pragma once

/* What `up` would need for each container of a project: its image, what is mounted, devices, limits. As the
 * user, and only whether it is there. */

#include "context/project.h"
#include "view/findings.h"

/* One finding for a container that lacks nothing, or one for each thing that it lacks. */
void doctor_check_containers(Findings *f, const Project *project);
