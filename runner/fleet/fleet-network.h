/* SPDX-License-Identifier: MIT */
#pragma once

/* The project's network, for a fleet: its addresses and names before the plans of members, what of that
 * changes by what is decided, and the mending of what another program has changed. */

#include "fleet/fleet-member.h"

/* Holds the network and settles its addresses. @asked: as in fleet_plan() */
int fleet_settle_network(Fleet *fleet, char *const *asked, Error *reterr);

/* Once more when it is decided what starts: that has the network that it is specified with now. */
int fleet_settle_starts(Fleet *fleet, char *const *asked, Error *reterr);

/* Of what runs on. A start makes its network by itself. */
int fleet_mend_network(Fleet *fleet, Error *reterr);
