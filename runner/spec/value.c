/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "spec/value.h"

#define TIMEOUT_SEC_MAX (24 * 60 * 60)

const JsonShape bool_shape = {.kind = JSON_SHAPE_BOOL};
const JsonShape port_number_shape = JSON_NUMBER_FROM(1, UINT16_MAX);
const JsonShape timeout_shape = JSON_NUMBER_FROM(1, TIMEOUT_SEC_MAX);
const JsonShape text_shape = {.kind = JSON_SHAPE_STRING};

int value_parse_string(const Json *value, const char *path, StringCheck check, char **ret, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = check(json_string(value), reterr);
        if (r < 0)
                return error_prefix(reterr, r, "%s", path);
        *ret = xstrdup(json_string(value));
        return 0;
}

int value_parse_strv(const Json *value, const char *path, StringCheck check, char ***ret, Error *reterr) {
        _cleanup_strv_ char **v = NULL;
        size_t n = 0;
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        /* In one piece: strv_push() counts each time, and the array may be long. */
        v = xnew0(char *, json_length(value) + 1);
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = json_path_index(path, n);

                r = value_parse_string(element, element_path, check, &v[n], reterr);
                if (r < 0)
                        return r;
                n++;
        }
        *ret = n > 0 ? TAKE_PTR(v) : NULL;
        return 0;
}

int value_check_distinct(char *const *strings, const char *path, Error *reterr) {
        for (size_t i = 0; strings && strings[i]; i++)
                for (size_t k = 0; k < i; k++)
                        if (streq(strings[i], strings[k]))
                                return error_raise(reterr, FC_EXIT_USAGE, "%s[%zu]: '%s' is given twice",
                                                   path, i, strings[i]);
        return 0;
}

int value_parse_elements(const Json *value, const char *path, JsonType type, ElementParse parse, size_t size,
                         void **ret, size_t *ret_n, Error *reterr) {
        int r;

        r = json_expect(value, type, path, reterr);
        if (r < 0)
                return r;
        *ret = xreallocarray0(json_length(value), size);
        JSON_FOREACH (element, value) {
                _cleanup_free_ char *element_path = type == JSON_ARRAY
                                                            ? json_path_index(path, *ret_n)
                                                            : json_path_member(path, json_key(element));

                r = parse(element, element_path, (char *) *ret + (*ret_n)++ * size, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int value_parse_long_form(const Json *value, const char *path, const JsonField *fields, size_t n_fields,
                          void *target, Error *reterr) {
        if (json_type(value) != JSON_OBJECT)
                return error_raise(reterr, FC_EXIT_USAGE, "%s: must be a string or an object, is %s", path,
                                   json_type_to_string(json_type(value)));
        return json_dispatch(value, path, fields, n_fields, target, reterr);
}

int value_parse_enum(const Json *value, const char *path, const char *const words[], size_t n_words,
                     Error *reterr) {
        _cleanup_strv_ char **known = NULL;
        _cleanup_free_ char *list = NULL;
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_words; i++) {
                if (streq(words[i], json_string(value)))
                        return (int) i;
                strv_pushf(&known, "'%s'", words[i]);
        }
        list = strv_join(known, ", ");
        return error_raise(reterr, FC_EXIT_USAGE, "%s: must be one of %s, is '%.100s'", path, list,
                           json_string(value));
}

int value_parse_port(const Json *value, const char *path, uint16_t *ret, Error *reterr) {
        uint64_t number;
        int r;

        r = json_uint(value, path, port_number_shape.min, port_number_shape.max, &number, reterr);
        if (r < 0)
                return r;
        *ret = (uint16_t) number;
        return 0;
}

int value_parse_timeout(const Json *value, const char *path, uint64_t *ret, Error *reterr) {
        uint64_t seconds;
        int r;

        r = json_uint(value, path, timeout_shape.min, timeout_shape.max, &seconds, reterr);
        if (r < 0)
                return r;
        *ret = seconds * USEC_PER_SEC;
        return 0;
}

int value_parse_bool(const Json *value, const char *path, bool *ret, Error *reterr) {
        int r;

        r = json_expect(value, JSON_BOOL, path, reterr);
        if (r < 0)
                return r;
        *ret = json_bool(value);
        return 0;
}
