/* SPDX-License-Identifier: MIT */
#pragma once

/* Writing JSON as YAML that a person can read: blocks, and every string in the quotes that it has in JSON.
 * Pure. */

#include "base/json.h"

/* A document of a stream, with its "---". Owned by the caller. */
char *yaml_print(const Json *json);
