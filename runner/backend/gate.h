/* SPDX-License-Identifier: MIT */
#pragma once

/* Where there is no inotify instance left to watch the gate with (gate/main.c): whether it is still there
 * has to be looked for then. */

#include "base/macro.h"

#define GATE_LOOK_USEC (10 * USEC_PER_MSEC)

/**
 * gate_is_passed() - has the gate executed its command?
 * @cgroup_fd: the machine's
 *
 * For who is in the machine's mount namespace.
 */
bool gate_is_passed(int cgroup_fd);
