/* SPDX-License-Identifier: MIT */
#pragma once

/* What a unit tells the project's event log (record/event-log.h): what happens when no command looks. */

#include "record/phase.h"
#include "keeper/service-options.h"

/* @state_fd: the container's directory in `.containers`; -EBADF: the event is dropped. @detail: may be
 * NULL. */
void service_event(const ServiceOptions *o, int state_fd, Phase event, const char *detail);
