/* SPDX-License-Identifier: MIT */
#pragma once

/* What a supervisor tells the project's event log (record/event-log.h): what happens when no command
 * looks. */

#include "record/phase.h"
#include "keeper/supervisor-options.h"

/* @detail: may be NULL. */
void supervisor_event(const SupervisorOptions *o, Phase event, const char *detail);
