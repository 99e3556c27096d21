/* SPDX-License-Identifier: MIT */
#pragma once

/* A project's state to JSON and back; pure. What one writes the other reads, and nothing else. */

#include "state/state.h"

/* As state_parse_document(). @ret: owned by the caller. */
int project_state_parse(const char *text, size_t size, const char *name, ProjectState **ret, Error *reterr);

/* Owned by the caller. */
char *project_state_print(const ProjectState *state);
