/* SPDX-License-Identifier: MIT */
#pragma once

/* What a project says of the way that a user's command goes (project/way.h). */

#include "context/project.h"

/**
 * project_way_look() - the facts that are the project's, beside those that @facts has already
 * @found: of project_locate(), or empty: in no project. Its specification is read, if that is looked at
 *
 * A project that keeps nothing, a linked work tree for instance, goes the way of the one that has its shared
 * containers. What cannot be told is an error.
 */
int project_way_look(ProjectFound *found, WayFacts *facts, Error *reterr);

/* way_check() of what works on `.containers`, here or in the other way. Again by what has waited for a lock:
 * `migrate` may have had it. */
int project_way_check(const Project *project, Error *reterr);

/* FC_EXIT_CONFLICT, with what to type, where root makes the first of a project for a user, and its
 * specification says that it is to be without root. Not where the user's own command became root. */
int project_way_check_first(const ProjectRequest *request, const Project *project, Error *reterr);
