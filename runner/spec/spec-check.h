/* SPDX-License-Identifier: MIT */
#pragma once

/* What holds between parts of a specification that are each right for themselves. */

#include "spec/spec.h"

/* FC_EXIT_USAGE, naming both places, for a host port or a target that is used twice, and for what cannot be
 * combined. Time is n log n in the size of the specification. */
int spec_check(const Spec *spec, Error *reterr);
