/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "restart", "ephemeral" and "oneShot": how often a container runs, and what of it stays. */

#include "spec/key.h"

extern const SpecKey restart_key;
extern const SpecKey ephemeral_key;
extern const SpecKey one_shot_key;
