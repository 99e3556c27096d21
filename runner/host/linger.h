/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether a user's systemd, and what a user runs without root, is there from the boot of the host on, and
 * outlives the user's sessions: lingering, loginctl(1). */

#include <sys/types.h>

#include "base/macro.h"

bool linger_is_enabled(uid_t uid);
