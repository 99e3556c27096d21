/* SPDX-License-Identifier: MIT */
#pragma once

/* Published ports that cannot be there at the same time. */

#include "spec/spec.h"

/* FC_EXIT_USAGE when two of the containers publish a port on the same address, or one an "auto" port twice.
 * In n log n time. */
int ports_check(const Spec *spec, Error *reterr);
