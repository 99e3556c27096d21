/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "restart", "ephemeral", "oneShot" and "shared": how often a container runs, what of it stays, and
 * whose it is. */

#include "spec/key.h"

extern const SpecKey restart_key;
extern const SpecKey ephemeral_key;
extern const SpecKey one_shot_key;
extern const SpecKey shared_key;
