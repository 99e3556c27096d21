/* SPDX-License-Identifier: MIT */
#pragma once

/* What an OCI image runs, for containers that say nothing of it: they boot, and an image of a program has
 * nothing to boot. */

#include "plan/plan.h"

/* @image_fd: its directory, with the root and the configuration. FC_EXIT_USAGE when the container boots an
 * init that is not there, with what to write to run what the image runs. */
int oci_entry_check(int image_fd, const ContainerPlan *plan, Error *reterr);

/* The members of a container of the specification that stand for a configuration ("command", "environment",
 * "nspawnArgs"); owned by the caller. NULL: it runs nothing, or cannot be read. */
char *oci_entry_members(const char *config, size_t size);
