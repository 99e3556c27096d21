/* SPDX-License-Identifier: MIT */
#pragma once

/* For hosts without an inotify instance left to watch the gate with (gate/main.c): the supervisor and the
 * relay then look whether the gate is still there. */

#include "base/macro.h"

#define GATE_LOOK_USEC (10 * USEC_PER_MSEC)

/**
 * gate_is_passed() - has the gate executed its command?
 * @cgroup_fd: the machine's
 *
 * The caller must be in the machine's mount namespace.
 */
bool gate_is_passed(int cgroup_fd);
