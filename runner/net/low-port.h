/* SPDX-License-Identifier: MIT */
#pragma once

/* The ports that only root may bind, which a user without root may be given by one setting of the host. */

#include <stdint.h>

/* The first that is any user's, of the network that this process is in. */
uint16_t low_port_end(void);

/* How root gives them to all users from @port on; owned by the caller. */
char *low_port_hint(uint16_t port);
