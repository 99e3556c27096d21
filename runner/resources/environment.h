/* SPDX-License-Identifier: MIT */
#pragma once

/* The variables of a container that are handed over as a secret: those of its files, and its others where
 * only some units get them. */

#include "plan/plan.h"
#include "project/source.h"
#include "resources/secret.h"

/**
 * environment_obtain() - read the files of variables
 * @ret: for systemd or the gate, see plan/environment-file.h
 *
 * A later file counts more, and the specification's own variables most. FC_EXIT_USAGE with file and line for
 * what cannot be read.
 */
int environment_obtain(const Sources *sources, const ContainerPlan *plan, Secret *ret, Error *reterr);
