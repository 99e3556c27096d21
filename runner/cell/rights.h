/* SPDX-License-Identifier: MIT */
#pragma once

/* What a guest may do: what systemd-nspawn lets it, and what the specification says of it. */

#include "keeper/cell-options.h"

/* The capabilities of its root, a set of PRIVILEGE(). */
uint64_t rights_of_guest(const CellOptions *o);

/* Gives up all others, and the system calls that no guest may make or that go with those, for this process
 * and all that comes of it. */
int rights_keep(uint64_t kept, Error *reterr);
