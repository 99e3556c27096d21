/* SPDX-License-Identifier: MIT */
#pragma once

/* One container of the specification: the table of its keys. */

#include "base/json-shape.h"
#include "spec/spec.h"

/* More than there are. */
#define CONTAINER_KEYS_MAX 64

/* What a container looks like. @fields: its keys, which the shape refers to. */
JsonShape container_shape(JsonField fields[static CONTAINER_KEYS_MAX]);

/* @c: CONTAINER_SPEC_NULL with a name. Fills in defaults; on failure it is as far filled in as it was
 * read. */
int container_parse(const Json *json, const char *path, ContainerSpec *c, Error *reterr);

/* What is wrong in it though each key is right by itself. */
int container_check(const ContainerSpec *c, Error *reterr);

/* The canonical JSON, without the name; equal for equal containers. Owned by the caller. */
Json *container_print(const ContainerSpec *c);
