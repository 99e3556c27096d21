/* SPDX-License-Identifier: MIT */
#pragma once

/* The shapes of a document as a JSON schema (draft 7, which editors know). */

#include "base/json-shape.h"

/**
 * json_schema_print() - the schema of a document
 * @root: an object
 *
 * It takes whatever a reader of these shapes takes; what only the reader can check, it takes too. Owned by
 * the caller.
 */
char *json_schema_print(const JsonShape *root, const char *title);
