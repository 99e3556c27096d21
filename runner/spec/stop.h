/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "stop": how a container is asked to end, and how long it may take. */

#include "spec/key.h"

extern const SpecKey stop_key;
