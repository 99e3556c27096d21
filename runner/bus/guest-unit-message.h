/* SPDX-License-Identifier: MIT */
#pragma once

/* The call that makes a session's transient service; apart from guest-unit.c because its many properties are
 * a matter of their own. */

#include <systemd/sd-bus.h>

#include "bus/guest-unit.h"

/* Return: 0, or a negative errno; -EINVAL when a string is not UTF-8. */
int guest_unit_message_new(sd_bus *bus, const GuestService *service, sd_bus_message **ret);
