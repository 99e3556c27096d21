/* SPDX-License-Identifier: MIT */
#pragma once

/* A project that was renamed, or is mounted at a second place, has another id there, and its machines other
 * names. What runs from the same directory under the old one is not this path's to start, stop or call
 * crashed. */

#include "ops/project.h"

/**
 * elsewhere_find() - does a container run that was started by another path of the project?
 * @state: what is remembered of it, may be NULL
 * @ret_where: "container 'NAME' of project 'PATH'", or "machine 'NAME'" where that is not known, owned by
 * the caller; NULL when there is none
 */
int elsewhere_find(const Project *project, const char *container, const ContainerState *state,
                   char **ret_where, Error *reterr);

/* What to do about it. */
void elsewhere_add_hint(Error *reterr);
