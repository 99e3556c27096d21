/* SPDX-License-Identifier: MIT */
#pragma once

/* JSON values that several keys have in common. All messages begin with the path. */

#include "base/json-shape.h"

extern const JsonShape bool_shape, port_number_shape, timeout_shape;
extern const JsonShape text_shape; /* any string */

typedef int (*StringCheck)(const char *s, Error *reterr);

/* @ret: owned by the caller. */
int value_parse_string(const Json *value, const char *path, StringCheck check, char **ret, Error *reterr);

/* An array of strings; NULL for the empty one. @ret: owned by the caller. */
int value_parse_strv(const Json *value, const char *path, StringCheck check, char ***ret, Error *reterr);

/* Refuses an array of strings, as value_parse_strv() has read it, that has one of them twice. */
int value_check_distinct(char *const *strings, const char *path, Error *reterr);

/* Reads an element of an array or a member of an object into @ret, which is zeroed. */
typedef int (*ElementParse)(const Json *element, const char *path, void *ret, Error *reterr);

/**
 * value_parse_elements() - an array or an object whose elements are all of one kind
 * @type: JSON_ARRAY or JSON_OBJECT
 * @ret: an array of elements of @size bytes; owned by the caller
 * @ret_n: how many there are; on failure, too, the last one then as far as it was read
 */
int value_parse_elements(const Json *value, const char *path, JsonType type, ElementParse parse, size_t size,
                         void **ret, size_t *ret_n, Error *reterr);

/* The same into a pointer of the right type. */
#define VALUE_PARSE_ELEMENTS(value, path, type, parse, array, n, reterr)                                    \
        value_parse_elements(value, path, type, parse, sizeof(**(array)), (void **) (array), n, reterr)

/* An element that may also be a string, but is not: an object, see json_dispatch(). */
int value_parse_long_form(const Json *value, const char *path, const JsonField *fields, size_t n_fields,
                          void *target, Error *reterr);

/* One of the words of an enum, which have its values as their indices. Return: the value. */
int value_parse_enum(const Json *value, const char *path, const char *const words[], size_t n_words,
                     Error *reterr);

/* A port number, 1 to 65535. */
int value_parse_port(const Json *value, const char *path, uint16_t *ret, Error *reterr);

/* Seconds, at least one and at most a day, to microseconds. */
int value_parse_timeout(const Json *value, const char *path, uint64_t *ret, Error *reterr);

int value_parse_bool(const Json *value, const char *path, bool *ret, Error *reterr);
