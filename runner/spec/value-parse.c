/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "spec/value-parse.h"

#define TIMEOUT_SEC_MAX (24 * 60 * 60)

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

int value_parse_word(const Json *value, const char *path, const char *const words[], size_t n_words,
                     size_t *ret, Error *reterr) {
        _cleanup_strv_ char **known = NULL;
        _cleanup_free_ char *list = NULL;
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_words; i++) {
                if (streq(words[i], json_string(value))) {
                        *ret = i;
                        return 0;
                }
                strv_pushf(&known, "'%s'", words[i]);
        }
        list = strv_join(known, ", ");
        return error_raise(reterr, FC_EXIT_USAGE, "%s: must be one of %s, is '%.100s'", path, list,
                           json_string(value));
}

int value_parse_timeout(const Json *value, const char *path, uint64_t *ret, Error *reterr) {
        uint64_t seconds;
        int r;

        r = json_uint(value, path, 1, TIMEOUT_SEC_MAX, &seconds, reterr);
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
