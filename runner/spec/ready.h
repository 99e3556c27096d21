/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "ready": when a container counts as ready. */

#include "spec/key.h"

extern const SpecKey ready_key;
