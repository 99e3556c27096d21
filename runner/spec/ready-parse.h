/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "ready": when a container counts as ready. */

#include "base/json.h"
#include "spec/spec.h"

/* Fills the members `ready_*` of @c. @ret_has_notify: whether "notify" was given. */
int ready_parse(const Json *value, const char *path, ContainerSpec *c, bool *ret_has_notify, Error *reterr);

Json *ready_print(const ContainerSpec *c);
