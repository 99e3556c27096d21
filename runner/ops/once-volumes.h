/* SPDX-License-Identifier: MIT */
#pragma once

/* `up --volume`: volumes that the specification does not have. */

#include "context/project.h"

/**
 * once_volumes_add() - add volumes to a container as this command sees it
 * @names: those that the user has typed, one
 * @volumes: "SOURCE:TARGET[:ro]"; a relative source begins at the current directory
 *
 * The specification that the next command reads does not have them.
 */
int once_volumes_add(const ProjectRequest *request, Project *project, char *const *names,
                     char *const *volumes, Error *reterr);
