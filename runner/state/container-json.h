/* SPDX-License-Identifier: MIT */
#pragma once

/* A container's state to JSON and back; pure. What one writes the other reads, and nothing else. */

#include "state/state.h"

/* As state_parse_document(). @ret: owned by the caller. */
int container_state_parse(const char *text, size_t size, const char *name, ContainerState **ret,
                          Error *reterr);

/* Owned by the caller. */
char *container_state_print(const ContainerState *state);
