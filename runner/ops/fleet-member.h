/* SPDX-License-Identifier: MIT */
#pragma once

/* What the two halves of the fleet share: fleet.c, which decides and prepares, and fleet-run.c, which acts.
 */

#include "ops/fleet.h"

/* Opens what a start needs and can be refused, but for the root. */
int member_prepare(Member *m, Error *reterr);

/* The root; copies the image when there is none yet. */
int member_prepare_root(Member *m, Error *reterr);
