/* SPDX-License-Identifier: MIT */
#pragma once

/* Strict JSON on top of cJSON, which alone is too lenient: it takes duplicate keys, a BOM, \u0000 (cutting
 * the string), invalid UTF-8, raw control characters, 1e400, integers above 2^53 and leading zeros, and
 * compares keys without case. json_parse() refuses all of these, every number that is not a whole one, and
 * more than 32 levels of nesting, in time linear in the text (n log n for the keys of one object). Only
 * json.c includes cJSON.h. */

#include "base/error.h"

typedef struct cJSON Json;
typedef struct JsonShape JsonShape;

typedef enum JsonType { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } JsonType;

/**
 * json_parse() - read a whole document
 * @text: need not be NUL-terminated; the caller limits @size (the tree takes up to 40 times as much memory)
 * @name: the file in messages, or NULL when the caller puts it in front
 * @ret: owned by the caller
 *
 * FC_EXIT_USAGE on any mistake: "NAME: line L, column C: PATH: ...", for a key that is given twice
 * "NAME: PATH: ...", PATH being the place in the document as json_path_member() writes it.
 */
int json_parse(const char *text, size_t size, const char *name, Json **ret, Error *reterr);
Json *json_free(Json *json);
DEFINE_FREEP(Json, json_free);

JsonType json_type(const Json *json);
const char *json_type_to_string(JsonType type); /* with its article: "an object" */
const char *json_string(const Json *json);      /* asserts the type */
bool json_bool(const Json *json);

/* Integer in [min, max], else FC_EXIT_USAGE naming @path. */
int json_uint(const Json *json, const char *path, uint64_t min, uint64_t max, uint64_t *ret, Error *reterr);
int json_expect(const Json *json, JsonType type, const char *path, Error *reterr);

const Json *json_get(const Json *object, const char *key); /* exact case; NULL when missing */
const Json *json_first(const Json *array_or_object);
const Json *json_next(const Json *child);
const char *json_key(const Json *member);
size_t json_length(const Json *array_or_object); /* counts: linear */

#define JSON_FOREACH(child, parent)                                                                         \
        for (const Json *child = json_first(parent); child; child = json_next(child))

/* One row per key of an object. `parse` gets the value, which has the row's shape (base/json-shape.h), its
 * path and the target of json_dispatch(). A row without `parse` is a key of a later version: using it is an
 * error of its own wording. */
typedef struct JsonField {
        const char *key;
        int (*parse)(const Json *value, const char *path, void *target, Error *reterr);
        bool mandatory;
        const JsonShape *shape; /* NULL: `parse` looks at everything */
} JsonField;

/* Reads an object by its table, in the order of the document: unknown, missing and known-but-unsupported
 * keys are FC_EXIT_USAGE with the path. */
int json_dispatch(const Json *object, const char *path, const JsonField *fields, size_t n_fields,
                  void *target, Error *reterr);

/* Where the objects of an array go. */
typedef struct JsonList {
        void *(*append)(void *target); /* a zeroed one for the next object */
        /* Of the one that was read last, all before it being there. May be NULL. */
        int (*check)(void *target, const char *path, Error *reterr);
} JsonList;

/* Reads an array of objects, each by the table. */
int json_dispatch_all(const Json *array, const char *path, const JsonField *fields, size_t n_fields,
                      const JsonList *list, void *target, Error *reterr);

/* For messages. "a.b" or, for a key that is not a plain word, a["b c"] with JSON's escapes; a long key is
 * cut. "" as the parent gives "b". Owned by the caller. */
char *json_path_member(const char *path, const char *key);
char *json_path_index(const char *path, size_t index);

/* Writing. Adders copy strings, take ownership of Json, and ignore a NULL string. */
Json *json_new_object(void);
Json *json_new_array(void);
Json *json_new_string(const char *value);
Json *json_new_bool(bool value);
Json *json_new_null(void);
Json *json_copy(const Json *json);   /* with all that is in it; of a member without its key */
Json *json_new_strv(char *const *v); /* NULL: [] */
void json_add_string(Json *object, const char *key, const char *value);
void json_add_uint(Json *object, const char *key, uint64_t value); /* json_parse() takes up to 2^53 back */
void json_add_bool(Json *object, const char *key, bool value);
void json_add_null(Json *object, const char *key);
void json_add(Json *object, const char *key, Json *value);
/* Likewise; an object or array without anything in it is freed, and the key left out. NULL: nothing. */
void json_add_unless_empty(Json *object, const char *key, Json *value);
void json_add_strv(Json *object, const char *key, char *const *v); /* NULL: [] */
void json_append(Json *array, Json *value);
void json_append_string(Json *array, const char *value);
void json_append_uint(Json *array, uint64_t value);

/* Bytes that are not valid UTF-8 are written as U+FFFD. Owned by the caller; ends without a newline. */
char *json_print(const Json *json, bool pretty);
