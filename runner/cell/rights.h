/* SPDX-License-Identifier: MIT */
#pragma once

/* What a guest's root may do: what systemd-nspawn lets it, and what the specification says of it. */

#include "keeper/cell-options.h"

/* A set of capabilities, PRIVILEGE(). */
uint64_t rights_of_guest(const CellOptions *o);
