/* SPDX-License-Identifier: MIT */
#pragma once

/* The call that makes a session's transient service. Its many properties fill a file of their own, beside
 * guest-unit.c. */

#include "bus/guest-unit.h"
#include "bus/systemd-bus.h"

/* Return: 0, or a negative errno; -EINVAL when a string is not UTF-8. */
int guest_unit_message_new(sd_bus *bus, const GuestService *service, sd_bus_message **ret);
