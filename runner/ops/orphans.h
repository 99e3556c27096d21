/* SPDX-License-Identifier: MIT */
#pragma once

/* Containers that the specification does not have any more, but that run or keep something: `down` of the
 * whole project stops them, `rm` removes them, `up` tells of them. */

#include "context/project.h"

/* The specification must be the whole project's: one that was built for some containers does not have the
 * others. Owned by the caller; NULL: there are none. */
int orphans_find(const Project *project, char ***ret, Error *reterr);

/* One line about them, as progress. */
int orphans_tell(const Project *project, char *const *orphans, Error *reterr);
