/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "users", whose users a container has, and "capabilities", what its root may do. */

#include "spec/key.h"

extern const SpecKey users_key;
extern const SpecKey capabilities_key;
