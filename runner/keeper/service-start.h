/* SPDX-License-Identifier: MIT */
#pragma once

#include "keeper/service-options.h"

/* Becomes systemd-nspawn: takes the descriptors that are held for the machine, enters its mounts, and leaves
 * a relay (service-relay.h) behind that ends when the guest is ready. Returns only on failure. */
int service_start(const ServiceOptions *o, Error *reterr);
