/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/alloc.h"
#include "base/json-scan.h"
#include "base/json.h"
#include "base/strv.h"
#include "base/utf8.h"

/* ---- paths ---- */

/* A longer key is cut in messages. */
#define KEY_SHOWN_MAX 64

static bool is_word(const char *key) {
        return key[0] && strlen(key) <= KEY_SHOWN_MAX &&
               key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

/* The key as it would stand in JSON, so that a quote or a control character in it cannot mislead. */
static char *quote_key(const char *key) {
        char *text = NULL;
        size_t size = 0, left = strlen(key);
        FILE *f = open_memstream(&text, &size);

        if (!f)
                abort();
        for (size_t shown = 0, n; left > 0 && shown < KEY_SHOWN_MAX; shown += n, key += n, left -= n) {
                n = utf8_char_length(key, left);
                if (n == 0) {
                        n = 1;
                        (void) fputs("\xef\xbf\xbd", f);
                } else if ((unsigned char) *key < 0x20 || *key == 0x7f)
                        (void) fprintf(f, "\\u%04x", (unsigned) *key);
                else if (*key == '"' || *key == '\\')
                        (void) fprintf(f, "\\%c", *key);
                else
                        (void) fwrite(key, 1, n, f);
        }
        if (left > 0)
                (void) fputs("...", f);
        if (fclose(f) != 0)
                abort();
        return text;
}

char *json_path_member(const char *path, const char *key) {
        _cleanup_free_ char *quoted = NULL;

        if (is_word(key))
                return xasprintf("%s%s%s", path, path[0] ? "." : "", key);
        quoted = quote_key(key);
        return xasprintf("%s[\"%s\"]", path, quoted);
}

char *json_path_index(const char *path, size_t index) {
        return xasprintf("%s[%zu]", path, index);
}

/* ---- reading ---- */

/* A value and the way to it; the path is only written out for a message. */
typedef struct Place {
        const struct Place *parent; /* NULL for the document */
        const Json *json;
        size_t index;
} Place;

static char *place_path(const Place *place) {
        _cleanup_free_ char *parent = NULL;

        if (!place->parent)
                return xstrdup("");
        parent = place_path(place->parent);
        return place->json->string ? json_path_member(parent, place->json->string)
                                   : json_path_index(parent, place->index);
}

static int compare_keys(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Sorted, because a document may have many thousand keys in one object. */
static int check_duplicate_keys(const Place *object, Error *reterr) {
        _cleanup_free_ const char **keys = NULL;
        size_t n = json_length(object->json), i = 0;

        if (n < 2)
                return 0;
        keys = xnew0(const char *, n);
        JSON_FOREACH (member, object->json)
                keys[i++] = member->string;
        qsort(keys, n, sizeof(*keys), compare_keys);
        for (i = 1; i < n; i++)
                if (streq(keys[i - 1], keys[i])) {
                        _cleanup_free_ char *path = place_path(object), *member = NULL;

                        member = json_path_member(path, keys[i]);
                        return error_raise(reterr, FC_EXIT_USAGE, "%s: the key is given twice", member);
                }
        return 0;
}

/* What the text alone did not tell. Recursion is bounded by JSON_DEPTH_MAX. */
static int check_tree(const Place *place, Error *reterr) {
        Place child = {.parent = place};
        int r;

        if (cJSON_IsObject(place->json)) {
                r = check_duplicate_keys(place, reterr);
                if (r < 0)
                        return r;
        }
        for (child.json = json_first(place->json); child.json;
             child.json = json_next(child.json), child.index++) {
                r = check_tree(&child, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* cJSON prints 15 digits of a number. Longer ones are kept as text, so that what is printed reads back. */
static void keep_digits(Json *json) {
        if (cJSON_IsNumber(json) && (json->valuedouble >= 1e15 || json->valuedouble <= -1e15)) {
                json->valuestring = xasprintf("%.0f", json->valuedouble);
                json->type = cJSON_Raw;
        }
        for (Json *child = json->child; child; child = child->next)
                keep_digits(child);
}

int json_parse(const char *text, size_t size, const char *name, Json **ret, Error *reterr) {
        _cleanup_(json_freep) Json *json = NULL;
        int r;

        r = json_scan(text, size, name, reterr);
        if (r < 0)
                return r;
        json = cJSON_ParseWithLengthOpts(text, size, /* return_parse_end= */ NULL,
                                         /* require_null_terminated= */ false);
        if (!json)
                return error_raise(reterr, FC_EXIT_INTERNAL, "read JSON that was found to be valid");
        r = check_tree(&(Place){.json = json}, reterr);
        if (r < 0)
                return name ? error_prefix(reterr, r, "%s", name) : r;
        keep_digits(json);
        *ret = TAKE_PTR(json);
        return 0;
}

Json *json_free(Json *json) {
        cJSON_Delete(json);
        return NULL;
}

JsonType json_type(const Json *json) {
        /* See keep_digits() and json_add_uint(). */
        return cJSON_IsNumber(json) || cJSON_IsRaw(json) ? JSON_NUMBER
               : cJSON_IsString(json)                    ? JSON_STRING
               : cJSON_IsArray(json)                     ? JSON_ARRAY
               : cJSON_IsObject(json)                    ? JSON_OBJECT
               : cJSON_IsBool(json)                      ? JSON_BOOL
                                                         : JSON_NULL;
}

const char *json_type_to_string(JsonType type) {
        switch (type) {
        case JSON_NULL:
                return "null";
        case JSON_BOOL:
                return "a boolean";
        case JSON_NUMBER:
                return "a number";
        case JSON_STRING:
                return "a string";
        case JSON_ARRAY:
                return "an array";
        case JSON_OBJECT:
                return "an object";
        }
        return "nothing";
}

const char *json_string(const Json *json) {
        assert(json_type(json) == JSON_STRING);
        return json->valuestring;
}

bool json_bool(const Json *json) {
        assert(json_type(json) == JSON_BOOL);
        return cJSON_IsTrue(json);
}

int json_uint(const Json *json, const char *path, uint64_t min, uint64_t max, uint64_t *ret, Error *reterr) {
        double value;
        int r;

        r = json_expect(json, JSON_NUMBER, path, reterr);
        if (r < 0)
                return r;
        /* Every number of a parsed document is whole and within 2^53, so that a double holds it exactly. */
        value = cJSON_IsRaw(json) ? strtod(json->valuestring, NULL) : json->valuedouble;
        if (value < 0 || value > (double) JSON_NUMBER_MAX || (uint64_t) value < min ||
            (uint64_t) value > max)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: must be between %" PRIu64 " and %" PRIu64 ", is %.0f", path, min,
                                   max, value);
        *ret = (uint64_t) value;
        return 0;
}

int json_expect(const Json *json, JsonType type, const char *path, Error *reterr) {
        if (json_type(json) == type)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE, "%s%s must be %s, is %s", path[0] ? path : "the document",
                           path[0] ? ":" : "", json_type_to_string(type),
                           json_type_to_string(json_type(json)));
}

const Json *json_get(const Json *object, const char *key) {
        return cJSON_GetObjectItemCaseSensitive(object, key);
}

const Json *json_first(const Json *array_or_object) {
        return array_or_object->child;
}

const Json *json_next(const Json *child) {
        return child->next;
}

const char *json_key(const Json *member) {
        return member->string;
}

size_t json_length(const Json *array_or_object) {
        size_t n = 0;

        JSON_FOREACH (child, array_or_object)
                n++;
        return n;
}

int json_dispatch_all(const Json *array, const char *path, const JsonField *fields, size_t n_fields,
                      const JsonList *list, void *target, Error *reterr) {
        size_t i = 0;
        int r;

        r = json_expect(array, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        JSON_FOREACH (element, array) {
                _cleanup_free_ char *element_path = json_path_index(path, i++);

                r = json_dispatch(element, element_path, fields, n_fields, list->append(target), reterr);
                if (r >= 0 && list->check)
                        r = list->check(target, element_path, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* cJSON returns NULL only when memory is short. */
static Json *json_check(Json *json) {
        if (!json)
                abort();
        return json;
}

/* A copy in which each byte that is not part of valid UTF-8 is U+FFFD. */
static char *valid_copy(const char *s) {
        size_t left = strlen(s);
        char *copy = xnew0(char, left * 3 + 1), *end = copy;

        for (size_t n; left > 0; s += n, left -= n) {
                n = utf8_char_length(s, left);
                end = n > 0 ? mempcpy(end, s, n) : mempcpy(end, "\xef\xbf\xbd", 3);
                n = n > 0 ? n : 1;
        }
        return copy;
}

Json *json_new_string(const char *s) {
        _cleanup_free_ char *copy = valid_copy(s);

        return json_check(cJSON_CreateString(copy));
}

Json *json_new_object(void) {
        return json_check(cJSON_CreateObject());
}

Json *json_new_array(void) {
        return json_check(cJSON_CreateArray());
}

Json *json_new_bool(bool value) {
        return json_check(cJSON_CreateBool(value));
}

Json *json_new_null(void) {
        return json_check(cJSON_CreateNull());
}

Json *json_copy(const Json *json) {
        return json_check(cJSON_Duplicate(json, /* recurse= */ true));
}

Json *json_new_strv(char *const *v) {
        Json *array = json_new_array();

        STRV_FOREACH (s, v)
                json_append_string(array, *s);
        return array;
}

void json_add(Json *object, const char *key, Json *value) {
        _cleanup_free_ char *copy = valid_copy(key);

        if (!cJSON_AddItemToObject(object, copy, value))
                abort();
}

void json_add_unless_empty(Json *object, const char *key, Json *value) {
        if (value && json_first(value))
                json_add(object, key, value);
        else
                (void) json_free(value);
}

void json_append(Json *array, Json *value) {
        if (!cJSON_AddItemToArray(array, value))
                abort();
}

void json_add_string(Json *object, const char *key, const char *value) {
        if (value)
                json_add(object, key, json_new_string(value));
}

void json_append_string(Json *array, const char *value) {
        if (value)
                json_append(array, json_new_string(value));
}

/* As text: cJSON prints only 15 digits of a number. */
static Json *new_uint(uint64_t value) {
        char digits[32];

        (void) snprintf(digits, sizeof(digits), "%" PRIu64, value);
        return json_check(cJSON_CreateRaw(digits));
}

void json_add_uint(Json *object, const char *key, uint64_t value) {
        json_add(object, key, new_uint(value));
}

void json_append_uint(Json *array, uint64_t value) {
        json_append(array, new_uint(value));
}

void json_add_bool(Json *object, const char *key, bool value) {
        json_add(object, key, json_check(cJSON_CreateBool(value)));
}

void json_add_null(Json *object, const char *key) {
        json_add(object, key, json_new_null());
}

void json_add_strv(Json *object, const char *key, char *const *v) {
        json_add(object, key, json_new_strv(v));
}

char *json_print(const Json *json, bool pretty) {
        char *text = pretty ? cJSON_Print(json) : cJSON_PrintUnformatted(json);

        if (!text)
                abort();
        return text;
}
