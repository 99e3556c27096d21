/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json-shape.h"
#include "base/strv.h"
#include "base/suggest.h"

static JsonType json_shape_type(const JsonShape *shape) {
        switch (shape->kind) {
        case JSON_SHAPE_BOOL:
                return JSON_BOOL;
        case JSON_SHAPE_NUMBER:
                return JSON_NUMBER;
        case JSON_SHAPE_STRING:
        case JSON_SHAPE_WORDS:
                return JSON_STRING;
        case JSON_SHAPE_ARRAY:
                return JSON_ARRAY;
        default:
                return JSON_OBJECT;
        }
}

static bool json_shape_has_word(const JsonShape *shape, const char *text) {
        for (size_t i = 0; i < shape->n_words; i++)
                if (streq_ptr(shape->words[i], text))
                        return true;
        return false;
}

static char *quote_words(const JsonShape *shape) {
        _cleanup_strv_ char **words = NULL;

        for (size_t i = 0; i < shape->n_words; i++)
                if (shape->words[i])
                        strv_pushf(&words, "'%s'", shape->words[i]);
        return strv_join(words, ", ");
}

static int check_words(const Json *value, const char *path, const JsonShape *shape, Error *reterr) {
        _cleanup_free_ char *list = NULL;

        if (json_shape_has_word(shape, json_string(value)))
                return 0;
        list = quote_words(shape);
        return error_raise(reterr, FC_EXIT_USAGE, "%s: must be one of %s, is '%.100s'", path, list,
                           json_string(value));
}

static int check_elements(const Json *value, const char *path, const JsonShape *shape, Error *reterr) {
        size_t i = 0;

        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = shape->kind == JSON_SHAPE_ARRAY
                                                            ? json_path_index(path, i++)
                                                            : json_path_member(path, json_key(element));
                int r = json_shape_check(element, element_path, shape->element, reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_either(const Json *value, const char *path, const JsonShape *shape, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *list = NULL;
        bool is_word = false;

        for (size_t i = 0; i < shape->n_either; i++) {
                const JsonShape *one = shape->either[i];
                bool fits = json_type(value) == json_shape_type(one);

                if (fits && one->kind != JSON_SHAPE_WORDS)
                        return json_shape_check(value, path, one, reterr);
                if (fits && json_shape_has_word(one, json_string(value)))
                        return 0;
                is_word = is_word || fits;
                strv_push_take(&names, one->kind == JSON_SHAPE_WORDS
                                               ? quote_words(one)
                                               : xstrdup(json_type_to_string(json_shape_type(one))));
        }
        list = strv_join(names, " or ");
        return is_word ? error_raise(reterr, FC_EXIT_USAGE, "%s: must be %s, is '%.100s'", path, list,
                                     json_string(value))
                       : error_raise(reterr, FC_EXIT_USAGE, "%s: must be %s, is %s", path, list,
                                     json_type_to_string(json_type(value)));
}

int json_shape_check(const Json *value, const char *path, const JsonShape *shape, Error *reterr) {
        uint64_t number;
        int r;

        if (shape->kind == JSON_SHAPE_EITHER)
                return check_either(value, path, shape, reterr);
        if (shape->kind == JSON_SHAPE_NUMBER)
                return json_uint(value, path, shape->min, shape->max, &number, reterr);
        r = json_expect(value, json_shape_type(shape), path, reterr);
        if (r < 0)
                return r;
        if (shape->kind == JSON_SHAPE_WORDS)
                return check_words(value, path, shape, reterr);
        if (shape->kind == JSON_SHAPE_ARRAY || shape->kind == JSON_SHAPE_MAP)
                return check_elements(value, path, shape, reterr);
        return 0;
}

static int check_one_of(const Json *object, const char *path, const char *const *keys, Error *reterr) {
        _cleanup_free_ char *list = NULL;
        size_t n = 0;

        for (size_t i = 0; keys[i]; i++) {
                char *longer = xasprintf("%s%s'%s'", list ? list : "",
                                         !list         ? ""
                                         : keys[i + 1] ? ", "
                                                       : " and ",
                                         keys[i]);

                free(list);
                list = longer;
                n += json_get(object, keys[i]) ? 1 : 0;
        }
        return n == 1 ? 0 : error_raise(reterr, FC_EXIT_USAGE, "%s: must have one of %s", path, list);
}

static const JsonField *json_find_field(const JsonShape *shape, const char *key) {
        for (size_t i = 0; i < shape->n_fields; i++)
                if (streq(shape->fields[i].key, key))
                        return &shape->fields[i];
        return NULL;
}

static int raise_unknown(const char *path, const char *key, const JsonShape *shape, Error *reterr) {
        _cleanup_strv_ char **known = NULL;
        _cleanup_free_ char *list = NULL;
        const char *nearest;
        int r;

        for (size_t i = 0; i < shape->n_fields; i++)
                if (shape->fields[i].parse)
                        strv_push(&known, shape->fields[i].key);
        list = strv_join(known, ", ");
        nearest = suggest_name(key, known);
        r = error_raise(reterr, FC_EXIT_USAGE, "%s: unknown key", path);
        if (nearest)
                error_add_hint(reterr, "did you mean '%s'?", nearest);
        error_add_hint(reterr, "the keys known here: %s", list);
        if (shape->manual)
                error_add_hint(reterr, "what they mean: man %s", shape->manual);
        return r;
}

static int dispatch_member(const Json *member, const char *path, const JsonShape *shape, void *target,
                           Error *reterr) {
        const JsonField *field = json_find_field(shape, json_key(member));
        int r;

        if (!field)
                return raise_unknown(path, json_key(member), shape, reterr);
        if (!field->parse)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: is not supported by this version", path);
        r = field->shape ? json_shape_check(member, path, field->shape, reterr) : 0;
        return r < 0 ? r : field->parse(member, path, target, reterr);
}

int json_dispatch_shape(const Json *object, const char *path, const JsonShape *shape, void *target,
                        Error *reterr) {
        int r;

        r = json_expect(object, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        JSON_FOREACH (member, object) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));

                r = dispatch_member(member, member_path, shape, target, reterr);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < shape->n_fields; i++)
                if (shape->fields[i].mandatory && !json_get(object, shape->fields[i].key))
                        return error_raise(reterr, FC_EXIT_USAGE, "%s%sthe key '%s' is missing", path,
                                           path[0] ? ": " : "", shape->fields[i].key);
        return shape->one_of ? check_one_of(object, path, shape->one_of, reterr) : 0;
}

int json_dispatch(const Json *object, const char *path, const JsonField *fields, size_t n_fields,
                  void *target, Error *reterr) {
        const JsonShape shape = {.kind = JSON_SHAPE_OBJECT, .fields = fields, .n_fields = n_fields};

        return json_dispatch_shape(object, path, &shape, target, reterr);
}
