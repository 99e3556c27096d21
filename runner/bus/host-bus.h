/* SPDX-License-Identifier: MIT */
#pragma once

/* A connection to the host's message bus, where its systemd and machined are reached, or to a user's
 * systemd. */

#include "base/error.h"
#include "base/systemd.h"

typedef struct HostBus HostBus;

/**
 * host_bus_open() - connect
 * @event: serves the connection from now on; NULL: nothing is reported by callback
 *
 * FC_EXIT_HOST when there is no bus or it does not let us in.
 */
int host_bus_open(sd_event *event, HostBus **ret, Error *reterr);

/* Likewise to the systemd of a user who has no root, without the message bus: for host_bus_reload(). */
int host_bus_open_user(HostBus **ret, Error *reterr);

HostBus *host_bus_free(HostBus *bus);
DEFINE_FREEP(HostBus, host_bus_free);

/* The unit that a machine known to machined runs in: owned by the caller, "?" when it does not say; NULL:
 * there is no machine of that name. FC_EXIT_HOST without machined. */
int host_bus_find_machine(HostBus *bus, const char *machine, char **ret_unit, Error *reterr);

/* Has systemd read its unit files again. */
int host_bus_reload(HostBus *bus, Error *reterr);

/* Refuses a unit that systemd does not find, or cannot read, with FC_EXIT_HOST. After a reload. */
int host_bus_check_unit(HostBus *bus, const char *unit, Error *reterr);

/* Makes machined forget a machine whose nspawn was killed: as long as its unit lives, it keeps the name. Not
 * known there is success. */
int host_bus_forget_machine(HostBus *bus, const char *machine, Error *reterr);
