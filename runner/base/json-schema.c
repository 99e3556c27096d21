/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json-scan.h"
#include "base/json-schema.h"

static void schema_fill(Json *schema, const JsonShape *shape);

static Json *schema_new(const JsonShape *shape) {
        Json *schema = json_new_object();

        schema_fill(schema, shape);
        return schema;
}

static void schema_add_words(Json *schema, const JsonShape *shape) {
        Json *words = json_new_array();

        for (size_t i = 0; i < shape->n_words; i++)
                if (shape->words[i])
                        json_append_string(words, shape->words[i]);
        json_add(schema, "enum", words);
}

/* An optional limit of a string, an array or a map. */
static void schema_add_limits(Json *schema, const char *least, const char *greatest,
                              const JsonShape *shape) {
        if (shape->min > 0)
                json_add_uint(schema, least, shape->min);
        if (shape->max > 0)
                json_add_uint(schema, greatest, shape->max);
}

static void schema_add_fields(Json *schema, const JsonShape *shape) {
        Json *properties = json_new_object(), *mandatory = json_new_array();

        for (size_t i = 0; i < shape->n_fields; i++) {
                const JsonField *field = &shape->fields[i];

                /* Of a later version, and refused. */
                if (!field->parse)
                        continue;
                json_add(properties, field->key,
                         field->shape ? schema_new(field->shape) : json_new_object());
                if (field->mandatory)
                        json_append_string(mandatory, field->key);
        }
        json_add(schema, "properties", properties);
        json_add(schema, "required", mandatory);
        json_add_bool(schema, "additionalProperties", false);
}

static void schema_add_one_of(Json *schema, const char *const *keys) {
        Json *choices = json_new_array();

        for (size_t i = 0; keys[i]; i++) {
                Json *choice = json_new_object(), *mandatory = json_new_array();

                json_append_string(mandatory, keys[i]);
                json_add(choice, "required", mandatory);
                json_append(choices, choice);
        }
        json_add(schema, "oneOf", choices);
}

static void schema_fill_map(Json *schema, const JsonShape *shape) {
        json_add_string(schema, "type", "object");
        schema_add_limits(schema, "minProperties", "maxProperties", shape);
        if (shape->key)
                json_add(schema, "propertyNames", schema_new(shape->key));
        json_add(schema, "additionalProperties", schema_new(shape->element));
}

static void schema_fill(Json *schema, const JsonShape *shape) {
        Json *choices;

        switch (shape->kind) {
        case JSON_SHAPE_BOOL:
                json_add_string(schema, "type", "boolean");
                break;
        case JSON_SHAPE_NUMBER:
                json_add_string(schema, "type", "integer");
                json_add_uint(schema, "minimum", shape->min);
                json_add_uint(schema, "maximum",
                              shape->max < JSON_NUMBER_MAX ? shape->max : JSON_NUMBER_MAX);
                break;
        case JSON_SHAPE_STRING:
                json_add_string(schema, "type", "string");
                schema_add_limits(schema, "minLength", "maxLength", shape);
                json_add_string(schema, "pattern", shape->pattern);
                if (shape->words)
                        schema_add_words(schema, shape);
                break;
        case JSON_SHAPE_WORDS:
                schema_add_words(schema, shape);
                break;
        case JSON_SHAPE_ARRAY:
                json_add_string(schema, "type", "array");
                schema_add_limits(schema, "minItems", "maxItems", shape);
                json_add(schema, "items", schema_new(shape->element));
                break;
        case JSON_SHAPE_MAP:
                schema_fill_map(schema, shape);
                break;
        case JSON_SHAPE_OBJECT:
                json_add_string(schema, "type", "object");
                schema_add_fields(schema, shape);
                if (shape->one_of)
                        schema_add_one_of(schema, shape->one_of);
                break;
        case JSON_SHAPE_EITHER:
                choices = json_new_array();
                for (size_t i = 0; i < shape->n_either; i++)
                        json_append(choices, schema_new(shape->either[i]));
                json_add(schema, "anyOf", choices);
                break;
        }
}

char *json_schema_print(const JsonShape *root, const char *title) {
        _cleanup_(json_freep) Json *schema = json_new_object();

        json_add_string(schema, "$schema", "http://json-schema.org/draft-07/schema#");
        json_add_string(schema, "title", title);
        schema_fill(schema, root);
        return json_print(schema, /* pretty= */ true);
}
