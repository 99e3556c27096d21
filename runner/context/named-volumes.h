/* SPDX-License-Identifier: MIT */
#pragma once

/* Which volumes `@NAME` a container has, and what it has written to overlays, which is kept like those. */

#include "context/project.h"

/* By the specification, and by what it was started with, which may run, or be started again. Adds their
 * names to @ret, each once. */
int named_volumes_of(Project *project, const char *container, char ***ret, Error *reterr);
