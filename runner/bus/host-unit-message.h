/* SPDX-License-Identifier: MIT */
#pragma once

/* The call that makes the transient unit of a machine, systemd.service(5), and the units that watch a path
 * for it. Its many properties fill a file of their own, beside host-unit.c. */

#include "bus/host-unit-internal.h"

/* Return: 0, or a negative errno; -EINVAL when a string is not UTF-8. @ret: to be freed */
int host_unit_message_new(const HostUnit *unit, const HostUnitSettings *settings, sd_bus_message **ret);

/* Properties of limits: likewise those that are changed while it runs. */
int host_unit_append_limits(sd_bus_message *m, const HostUnitLimit *limits, size_t n);
