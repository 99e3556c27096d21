/* SPDX-License-Identifier: MIT */
#pragma once

/* State to JSON and back; pure. What one writes the other reads, and nothing else. */

#include "base/json.h"
#include "state/state.h"

/* @name: the file, for messages. FC_EXIT_CONFLICT with the place of the first mistake. `ret` is owned by the
 * caller. */
int container_state_parse(const char *text, size_t size, const char *name, ContainerState **ret,
                          Error *reterr);
int project_state_parse(const char *text, size_t size, const char *name, ProjectState **ret, Error *reterr);

/* Owned by the caller. */
char *container_state_print(const ContainerState *state);
char *project_state_print(const ProjectState *state);

/* The bytes of a definition line as printable ASCII, `\xNN` for the others and for the backslash: JSON has
 * no place for bytes that are not UTF-8, and a line that came back changed would look like drift for ever.
 * Owned by the caller; state_unescape() returns NULL for what state_escape() does not write. */
char *state_escape(const char *text);
char *state_unescape(const char *text);

/* The parts of it that other documents of ours have, too: the whole of one, with "version" among @fields and
 * refused as above; and a definition, which is the caller's. */
int state_parse_document(const char *text, size_t size, const char *name, const JsonField *fields,
                         size_t n_fields, void *target, Error *reterr);
char *state_print_document(const Json *json);
int state_parse_version(const Json *value, const char *path, void *target, Error *reterr);
int state_parse_definition(const Json *value, const char *path, char ***target, Error *reterr);
Json *state_definition_json(char *const *definition);
