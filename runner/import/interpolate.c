/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "import/interpolate.h"

#define NESTED_MAX 16
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

const char *interpolate_get(char *const *variables, const char *name, size_t length) {
        const char *found = NULL;

        STRV_FOREACH (v, variables)
                if (strncmp(*v, name, length) == 0 && (*v)[length] == '=')
                        found = *v + length + 1;
        return found;
}

static void note_name(char ***names, const char *name, size_t length) {
        _cleanup_free_ char *copy = xstrndup(name, length);

        if (!strv_contains(*names, copy))
                strv_push(names, copy);
}

static int put_text(FILE *f, const char *text, size_t size, Interpolation *in, Error *reterr) {
        in->size += size;
        if (in->size > INTERPOLATE_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "with the values of variables it is larger than %d bytes",
                                   INTERPOLATE_SIZE_MAX);
        (void) fwrite(text, 1, size, f);
        return 0;
}

/* Where the brace ends that @s is behind; NULL: nowhere. */
static const char *closing(const char *s, const char *end) {
        unsigned level = 1;

        for (; s < end; s++) {
                if (*s == '$' && s + 1 < end && s[1] == '$')
                        s++;
                else if (*s == '$' && s + 1 < end && s[1] == '{')
                        level++;
                else if (*s == '}' && --level == 0)
                        return s;
        }
        return NULL;
}

static int expand_text(const char *s, const char *end, unsigned depth, FILE *f, Interpolation *in,
                       Error *reterr);

/* "NAME", "NAME:-word" and the like, of a ${..}. */
static int expand_braces(const char *s, const char *end, unsigned depth, FILE *f, Interpolation *in,
                         Error *reterr) {
        size_t length = strspn(s, NAME_CHARS);
        const char *operator= s + length, *value = interpolate_get(in->variables, s, length);
        bool colon = operator<end && * operator== ':', has = value && !(colon && !*value);
        const char *word = operator+ colon + 1;

        if (length == 0 || (*s >= '0' && *s <= '9') ||
            (operator!= end &&(operator+ colon >= end || !strchr("-?+", operator[colon]))))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'${%.*s}' is not ${NAME}, ${NAME:-x}, ${NAME:?x} or "
                                   "${NAME:+x}",
                                   (int) (end - s > 64 ? 64 : end - s), s);
        if (operator== end || operator[colon] != '+') {
                if (has) {
                        note_name(&in->taken, s, length);
                        return put_text(f, value, strlen(value), in, reterr);
                }
                if (operator== end) {
                        note_name(&in->missing, s, length);
                        return 0;
                }
        }
        if (operator[colon] == '?')
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "the variable '%.*s' is demanded, and .env does not set it", (int) length,
                                   s);
        return operator[colon] == '+' && !has ? 0 : expand_text(word, end, depth + 1, f, in, reterr);
}

static int expand_text(const char *s, const char *end, unsigned depth, FILE *f, Interpolation *in,
                       Error *reterr) {
        int r = 0;

        if (depth > NESTED_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "variables stand in each other more than %d deep",
                                   NESTED_MAX);
        while (r >= 0 && s < end) {
                const char *dollar = memchr(s, '$', (size_t) (end - s)), *close;
                size_t length;

                if (!dollar)
                        dollar = end;
                r = put_text(f, s, (size_t) (dollar - s), in, reterr);
                if (r < 0 || dollar == end)
                        break;
                s = dollar + 1;
                length = strspn(s, NAME_CHARS);
                if (s < end && *s == '$') {
                        r = put_text(f, s++, 1, in, reterr);
                } else if (s < end && *s == '{') {
                        close = closing(++s, end);
                        if (!close)
                                return error_raise(reterr, FC_EXIT_USAGE, "a '${' has no '}'");
                        r = expand_braces(s, close, depth, f, in, reterr);
                        s = close + 1;
                } else if (length > 0 && !(*s >= '0' && *s <= '9')) {
                        r = expand_braces(s, s + length, depth, f, in, reterr);
                        s += length;
                } else
                        return error_raise(reterr, FC_EXIT_USAGE, "a single '$' is written '$$'");
        }
        return r;
}

static int expand_string(const char *text, const char *place, Interpolation *in, Json **ret, Error *reterr) {
        _cleanup_free_ char *result = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&result, &size);
        int r;

        if (!f)
                abort();
        r = expand_text(text, text + strlen(text), 0, f, in, reterr);
        if (fclose(f) != 0)
                abort();
        if (r < 0)
                return error_prefix(reterr, r, "%s", place);
        *ret = json_new_string(result);
        return 0;
}

int interpolate(const Json *tree, const char *place, Interpolation *in, Json **ret, Error *reterr) {
        bool object = json_type(tree) == JSON_OBJECT;
        _cleanup_(json_freep) Json *copy = NULL;
        size_t n = 0;
        int r;

        if (json_type(tree) == JSON_STRING)
                return expand_string(json_string(tree), place, in, ret, reterr);
        if (!object && json_type(tree) != JSON_ARRAY) {
                *ret = json_copy(tree);
                return 0;
        }
        copy = object ? json_new_object() : json_new_array();
        JSON_FOREACH (child, tree) {
                _cleanup_free_ char *where =
                        object ? json_path_member(place, json_key(child)) : json_path_index(place, n++);
                Json *value;

                r = interpolate(child, where, in, &value, reterr);
                if (r < 0)
                        return r;
                if (object)
                        json_add(copy, json_key(child), value);
                else
                        json_append(copy, value);
        }
        *ret = TAKE_PTR(copy);
        return 0;
}
