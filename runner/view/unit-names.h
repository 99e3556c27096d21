/* SPDX-License-Identifier: MIT */
#pragma once

/* The units that a container's services are, as far as its specification and its image tell: for a user who
 * types, so without root, and without asking the guest. */

#include "context/project.h"

/* Those that `ready` names, and those that targets of the system want. Sorted, each once; owned by the
 * caller. What cannot be read has none. */
char **unit_names_of(const Project *project, const ContainerSpec *spec);
