/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "network". */

#include "spec/key.h"

extern const SpecKey network_key;
