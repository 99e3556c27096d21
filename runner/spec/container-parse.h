/* SPDX-License-Identifier: MIT */
#pragma once

/* One member of "containers". */

#include "base/json.h"
#include "spec/spec.h"

/* Fills @c, whose name is set, from the object @json at @path. What it has filled when it fails is owned by
 * @c too. */
int container_parse(const Json *json, const char *path, ContainerSpec *c, Error *reterr);
