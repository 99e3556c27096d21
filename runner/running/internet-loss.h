/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether a container that runs has lost its way to the internet. Whatever ends pasta(1) takes the
 * container's interface along, until the keeper has started another (keeper/internet.h). */

#include <sys/types.h>

#include "base/macro.h"

/* @leader: its PID 1. False also where that cannot be looked at, as by a user who is not root. */
bool internet_is_lost(pid_t leader);

/* @text: of /proc/PID/net/dev. Whether it has an interface of that name. Pure. */
bool net_dev_has(const char *text, const char *interface);
