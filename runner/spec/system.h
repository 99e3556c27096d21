/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "system", what a container is made of and boots, and "store", how much of the store its toplevel
 * has. */

#include "spec/key.h"

extern const SpecKey system_key;
extern const SpecKey store_key;
