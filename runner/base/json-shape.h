/* SPDX-License-Identifier: MIT */
#pragma once

/* What a JSON value may look like, as far as that can be said without its meaning: its type, words, limits
 * and keys. json_dispatch() refuses what does not fit the shape of its row, and json-schema.h prints the
 * same shapes for editors. So a reader may rely on its row, and only checks what a shape cannot say. */

#include "base/json.h"

typedef enum JsonShapeKind {
        JSON_SHAPE_BOOL,
        JSON_SHAPE_NUMBER, /* from min to max */
        JSON_SHAPE_STRING,
        JSON_SHAPE_WORDS,  /* a string that is one of the words */
        JSON_SHAPE_ARRAY,  /* of elements of one shape */
        JSON_SHAPE_MAP,    /* an object of any keys, with values of one shape */
        JSON_SHAPE_OBJECT, /* an object of these keys */
        JSON_SHAPE_EITHER, /* one of several shapes, each of another type */
} JsonShapeKind;

struct JsonShape {
        JsonShapeKind kind;
        /* Of a number. Of an array or a map: how many there are, which its reader checks; 0 as the greatest:
         * any. Of a string: how many characters, likewise. */
        uint64_t min, max;
        /* Of a string, for the schema: at least what its reader takes, a regular expression of ECMA 262. */
        const char *pattern;
        /* A NULL is a gap. Of a plain string, for the schema: its reader has a better message than that. */
        const char *const *words;
        size_t n_words;
        const JsonShape *key, *element; /* @key: a string; NULL: any */
        const JsonField *fields;
        size_t n_fields;
        const char *const *one_of; /* keys of which an object has exactly one; NULL-terminated */
        const char *manual; /* where the keys are described, for people who write one that is not there */
        const JsonShape *const *either;
        size_t n_either;
};

/* Initialisers. */
#define JSON_STRING_LIKE(regex)                                                                             \
        { .kind = JSON_SHAPE_STRING, .pattern = (regex) }
#define JSON_NUMBER_FROM(least, greatest)                                                                   \
        { .kind = JSON_SHAPE_NUMBER, .min = (least), .max = (greatest) }
#define JSON_ONE_OF_WORDS(table)                                                                            \
        { .kind = JSON_SHAPE_WORDS, .words = (table), .n_words = ELEMENTSOF(table) }
#define JSON_ARRAY_OF(shape)                                                                                \
        { .kind = JSON_SHAPE_ARRAY, .element = &(shape) }
#define JSON_MAP_OF(key_shape, shape)                                                                       \
        { .kind = JSON_SHAPE_MAP, .key = &(key_shape), .element = &(shape) }
#define JSON_OBJECT_OF(table)                                                                               \
        { .kind = JSON_SHAPE_OBJECT, .fields = (table), .n_fields = ELEMENTSOF(table) }
#define JSON_EITHER_OF(...)                                                                                 \
        {                                                                                                   \
                .kind = JSON_SHAPE_EITHER, .either = (const JsonShape *const[]){__VA_ARGS__},               \
                .n_either = sizeof((const JsonShape *const[]){__VA_ARGS__}) / sizeof(const JsonShape *)     \
        }

/* FC_EXIT_USAGE when @value does not fit. What is in an object json_dispatch() looks at. */
int json_shape_check(const Json *value, const char *path, const JsonShape *shape, Error *reterr);

/* json_dispatch() with the fields of a shape, and then exactly one of those keys of which there must be. */
int json_dispatch_shape(const Json *object, const char *path, const JsonShape *shape, void *target,
                        Error *reterr);
