/* SPDX-License-Identifier: MIT */
#pragma once

#include "keeper/service-options.h"

/* Keeps the console's log within its size. A path unit starts it when something is written there, and it
 * ends when nothing has been for a while: the log is a file that the container writes to by itself, so it
 * depends on no process of ours, and none is there for a container that is silent. */
int service_console(const ServiceOptions *o, Error *reterr);
