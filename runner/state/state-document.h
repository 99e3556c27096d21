/* SPDX-License-Identifier: MIT */
#pragma once

/* What the JSON documents of ours that are remembered have in common: how they are laid out, that they have
 * a version, how strictly they are read, and some of their keys; pure. */

#include "base/json.h"

#define STATE_VERSION 1

/* @name: the file, for messages. @fields: of the object, "version" among them. FC_EXIT_CONFLICT with the
 * place of the first mistake. */
int state_parse_document(const char *text, size_t size, const char *name, const JsonField *fields,
                         size_t n_fields, void *target, Error *reterr);
int state_parse_version(const Json *value, const char *path, void *target, Error *reterr);

/* Owned by the caller. */
char *state_print_document(const Json *json);

/* @valid: NULL: any string is. What @target was before is freed. */
int state_parse_string(const Json *value, const char *path, bool (*valid)(const char *), char **target,
                       Error *reterr);

/* One function for a key that is a string or a number with a range. */
#define STRING_FIELD(function, type, member, valid)                                                         \
        static int function(const Json *value, const char *path, void *target, Error *reterr) {             \
                return state_parse_string(value, path, (valid), &((type *) target)->member, reterr);        \
        }
#define UINT_FIELD(function, type, member, min, max)                                                        \
        static int function(const Json *value, const char *path, void *target, Error *reterr) {             \
                uint64_t number;                                                                            \
                int r = json_uint(value, path, (min), (max), &number, reterr);                              \
                if (r < 0)                                                                                  \
                        return r;                                                                           \
                ((type *) target)->member = (__typeof__(((type *) target)->member)) number;                 \
                return 0;                                                                                   \
        }

/* A definition is the caller's. */
int state_parse_definition(const Json *value, const char *path, char ***target, Error *reterr);
Json *state_definition_json(char *const *definition);

/* The bytes of a definition line as printable ASCII, `\xNN` for the others and for the backslash: JSON has
 * no place for bytes that are not UTF-8, and a line that came back changed would look like drift for ever.
 * Owned by the caller; state_unescape() returns NULL for what state_escape() does not write. */
char *state_escape(const char *text);
char *state_unescape(const char *text);
