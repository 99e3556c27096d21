/* SPDX-License-Identifier: MIT */
#pragma once

/* Between nspawn's notifications and systemd: when nspawn names its leader, the relay sets the network
 * inside and opens the gate, and only then hands on that the guest is ready. Then it ends, unless there are
 * ports to be served (port-proxy.h). nspawn's later notifications are lost, which it does not mind. A
 * relay that is killed takes nspawn with it (service-lifeline.h). */

#include "keeper/service-options.h"

/* Executes this program as the relay, so that it has a command line of its own. @o: the relay's. Returns
 * only on failure. */
void relay_exec(const ServiceOptions *o);

/* The relay. Messages go to stderr; when it cannot go on it ends nspawn. */
int service_relay(const ServiceOptions *o, Error *reterr);
