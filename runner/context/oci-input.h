/* SPDX-License-Identifier: MIT */
#pragma once

/* What `system.oci` names, as it is now: another one makes another image. */

#include "context/project.h"
#include "plan/plan.h"

/* Sets `input` of a container that has one, once: which file it is, whose, and when it was changed, or of a
 * directory its index, which names all that is in it by digests. What cannot be looked at leaves it NULL.
 * For where it matters only: the path may be on a server that does not answer. */
void oci_input_note(const Project *project, const ContainerSpec *c);

/* Opens it as the user who asks, and checks that this user can read all of it, and that it is what was
 * looked at: FC_EXIT_CONFLICT when it is not. Return: an O_PATH fd of a directory or of a regular file. */
int oci_input_open(const Sources *sources, const ContainerPlan *plan, bool *ret_is_directory, Error *reterr);

/* Whether it is still that. FC_EXIT_CONFLICT when it is not. */
int oci_input_check(const Sources *sources, const ContainerPlan *plan, int fd, Error *reterr);
