/* SPDX-License-Identifier: MIT */
#pragma once

/* The backend of hosts that systemd manages: each machine is a transient service whose main process is
 * systemd-nspawn, registered with machined. No process of ours stays: what has to be done at the start and
 * the end of the unit, which come without a command of ours too (a reboot of the guest, machinectl
 * poweroff), is done by the program of keeper/service.c. */

#include "machine/machine.h"

extern const Backend backend_systemd;
