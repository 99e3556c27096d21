/* SPDX-License-Identifier: MIT */
#pragma once

/* `service publish`: serves what is published while the container of a unit runs that has no relay, since it
 * had no ports. A command starts it, in the unit's cgroup. It ends with nspawn, or when all is taken back;
 * at the unit's next start the relay has what systemd keeps of it. */

#include "keeper/publish.h"
#include "keeper/service-options.h"

int service_publish(const ServiceOptions *o, Error *reterr);

/* Has systemd keep a port's sockets for the unit's next start. It lets go of them when they are shut
 * down. */
void service_publish_store(const KeeperPort *port);

/* What a unit's keepers name the sockets of a port that they have it keep. */
#define SERVICE_PUBLISHED "publish-"
