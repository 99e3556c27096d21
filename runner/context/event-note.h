/* SPDX-License-Identifier: MIT */
#pragma once

/* An event of a command that does one thing to a container. */

#include "context/project.h"
#include "record/phase.h"

/* Best effort: where it cannot be written, what was done still is. */
void event_note(const Project *project, const char *container, Phase event, const char *detail);
