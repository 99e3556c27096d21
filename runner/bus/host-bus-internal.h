/* SPDX-License-Identifier: MIT */
#pragma once

/* What the files about the host's bus share; no other folder includes it. */

#include "bus/guest-bus-internal.h"
#include "bus/host-bus.h"

#define SYSTEMD_NAME          "org.freedesktop.systemd1"
#define MACHINED_NAME         "org.freedesktop.machine1"
#define MACHINED_PATH         "/org/freedesktop/machine1"
#define MACHINED_MANAGER      "org.freedesktop.machine1.Manager"
#define MACHINED_MACHINE      "org.freedesktop.machine1.Machine"
#define ERROR_NO_SUCH_MACHINE "org.freedesktop.machine1.NoSuchMachine"
#define ERROR_UNIT_EXISTS     "org.freedesktop.systemd1.UnitExists"

struct HostBus {
        sd_bus *bus;
};
