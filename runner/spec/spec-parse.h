/* SPDX-License-Identifier: MIT */
#pragma once

/* Text -> Spec and back. Pure: no I/O, no clock, no environment. */

#include "base/json.h"
#include "spec/spec.h"

#define SPEC_SIZE_MAX (4 * 1024 * 1024)

/**
 * spec_parse() - read a specification strictly
 * @text: JSON, need not be NUL-terminated
 * @ret: owned by the caller
 *
 * An unknown, duplicate or missing key, a wrong type, a number out of range, two containers that publish the
 * same host port, ... is FC_EXIT_USAGE with the path of the place, `containers.db.ports[1].host: ...`. Keys
 * of later versions that are known but not built yet are told apart from unknown ones. What is not strict
 * JSON is told with its line and column. The message has no file name: the caller puts it in front. Takes n
 * log n time and 40 times the memory of the text at most.
 */
int spec_parse(const char *text, size_t size, Spec **ret, Error *reterr);

/* The JSON schema of the document, made of what spec_parse() reads it by. Owned by the caller. */
char *spec_schema(void);

/* The canonical JSON of a specification on several lines, defaults filled in; parsing it gives an equal
 * Spec. Owned by the caller. */
char *spec_print(const Spec *spec);
