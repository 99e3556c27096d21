/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "hooks": commands on the host, as the developer, when a container has become ready and before it
 * is stopped. */

#include "spec/key.h"

extern const SpecKey hooks_key;
