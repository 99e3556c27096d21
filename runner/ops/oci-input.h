/* SPDX-License-Identifier: MIT */
#pragma once

/* What `system.oci` names, as it is now: another one makes another image. */

#include "ops/project.h"
#include "plan/plan.h"

/* Sets `input` of each container that has one: which file it is, whose, and when it was changed, or of a
 * directory its index, which names all that is in it by digests. What cannot be looked at stays NULL. */
void oci_input_note(const Project *project, Spec *spec);

/* Opens it as the user who asks. Return: an O_PATH fd of a directory or of a regular file. */
int oci_input_open(const Sources *sources, const ContainerPlan *plan, bool *ret_is_directory, Error *reterr);
