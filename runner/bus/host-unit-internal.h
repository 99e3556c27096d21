/* SPDX-License-Identifier: MIT */
#pragma once

/* What the files about a unit share; no other file includes it. */

#include "bus/host-bus-internal.h"
#include "bus/host-unit.h"

enum {
        SLOT_JOB,
        SLOT_PROPERTIES,
        SLOT_REMOVED,
        SLOT_OWNER,
        SLOT_DISCONNECTED,
        SLOT_ASKED,
        _SLOT_MAX,
};

struct HostUnit {
        HostBus *bus;
        char *name;
        char *path;
        char *job; /* that of the start; NULL: unknown */
        const HostUnitHandlers *handlers;
        void *userdata;
        sd_bus_slot *slots[_SLOT_MAX];
        char *status;
        bool status_changed;
        bool waits; /* for systemd to start it again */
        bool begun; /* its start or stop has been asked for */
        bool gone;
};

/* The path of the unit's job. @path: the unit's. @ret: owned by the caller, NULL: it has none. */
int host_unit_ask_job(HostBus *bus, const char *name, const char *path, char **ret, Error *reterr);
