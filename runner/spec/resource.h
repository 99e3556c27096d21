/* SPDX-License-Identifier: MIT */
#pragma once

/* Limits of what a container may use, by the names of systemd.resource-control(5). A value has one spelling
 * here, which systemd takes and machine/limits.h does: whole bytes ("536870912"), a percentage ("50%"), a
 * plain number, or "infinity". All mistakes are FC_EXIT_USAGE. */

#include "base/error.h"

typedef enum ResourceKind {
        RESOURCE_MEMORY_MAX,
        RESOURCE_MEMORY_HIGH,
        RESOURCE_MEMORY_SWAP_MAX,
        RESOURCE_CPU_QUOTA,
        RESOURCE_CPU_WEIGHT,
        RESOURCE_TASKS_MAX,
        RESOURCE_IO_WEIGHT,
        _RESOURCE_KIND_MAX,
        _RESOURCE_KIND_INVALID = -EINVAL,
} ResourceKind;

typedef struct Resource {
        ResourceKind kind;
        char *value;
} Resource;

const char *resource_kind_to_string(ResourceKind kind);
ResourceKind resource_kind_from_string(const char *name);

/* "512M", "50%", "infinity", ... @ret: as above, owned by the caller. */
int resource_parse(ResourceKind kind, const char *text, char **ret, Error *reterr);

/* The same for a number without a unit. */
int resource_parse_number(ResourceKind kind, uint64_t number, char **ret, Error *reterr);
