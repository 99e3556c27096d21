/* SPDX-License-Identifier: MIT */
#pragma once

/* The system calls that a program of whatever kind may need: all that systemd-nspawn lets a guest make
 * without a capability. Those of other architectures and those of old C libraries are among them, since an
 * image brings its own programs. As call_filter_add() takes them. */

extern const char common_calls[];
