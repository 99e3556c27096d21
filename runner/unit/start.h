/* SPDX-License-Identifier: MIT */
#pragma once

#include "unit/options.h"

/* Becomes systemd-nspawn: takes the descriptors that are held for the machine, enters its mounts, and leaves
 * a relay (relay.h) behind that ends when the guest is ready. Returns only on failure. */
int unit_start(const UnitOptions *o, Error *reterr);
