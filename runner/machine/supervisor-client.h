/* SPDX-License-Identifier: MIT */
#pragma once

/* The backend of hosts that systemd does not manage: a supervisor (keeper/supervisor.c) for each machine. It
 * remembers nothing: what runs is read from the machine's cgroup. */

#include "machine/machine.h"

extern const Backend backend_supervisor;
