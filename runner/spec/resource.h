/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "resources": limits of what a container may use, by the names of systemd.resource-control(5). A
 * value has one spelling here, which systemd takes and machine/limits.h does: whole bytes ("536870912"), a
 * percentage ("50%"), a plain number, or "infinity". All mistakes are FC_EXIT_USAGE. */

#include "spec/key.h"

extern const SpecKey resources_key;
extern const JsonShape memory_shape; /* of resource_parse_memory_value() */

const char *resource_kind_to_string(ResourceKind kind);
ResourceKind resource_kind_from_string(const char *name);

/* "512M", "50%", "infinity", ... @ret: as above, owned by the caller. */
int resource_parse(ResourceKind kind, const char *text, char **ret, Error *reterr);

/* The same for a number without a unit. */
int resource_parse_number(ResourceKind kind, uint64_t number, char **ret, Error *reterr);

/* How much memory something may take that has to have a limit: "512M", "50%"; the second also a number.
 * @ret: as above. */
int resource_parse_memory(const char *text, char **ret, Error *reterr);
int resource_parse_memory_value(const Json *value, const char *path, char **ret, Error *reterr);
