/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "exports": variables that lead the developer's programs to what a container serves. Each is a
 * template, as in "postgres://app@${host}:${port}/app". */

#include "spec/key.h"

extern const SpecKey exports_key;

typedef enum ExportPartKind {
        EXPORT_TEXT,
        EXPORT_HOST, /* ${host}: where the container is reached, as it stands in a URL */
        EXPORT_PORT, /* ${port}: the first of its ports on the host; ${port:N}: of that in the container */
        EXPORT_NAME, /* ${name}: the container's */
} ExportPartKind;

typedef struct ExportPart {
        ExportPartKind kind;
        const char *text; /* of EXPORT_TEXT, in the template */
        size_t size;
        uint16_t port; /* in the container; 0: the first */
} ExportPart;

/**
 * export_next() - the parts of a template, one after the other
 * @p: where to go on
 *
 * "$$" stands for "$". Return: 1, 0 at the end; FC_EXIT_USAGE for what is not a placeholder.
 */
int export_next(const char **p, ExportPart *ret, Error *reterr);

/* FC_EXIT_USAGE when two containers export one variable. In n log n time. */
int exports_check(const Spec *spec, Error *reterr);
