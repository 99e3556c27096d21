/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "state/state-document.h"

/* ---- reading ---- */

int state_parse_string(const Json *value, const char *path, bool (*valid)(const char *), char **target,
                       Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        if (valid && !valid(json_string(value)))
                return error_raise(reterr, FC_EXIT_USAGE, "%s: invalid value", path);
        free(*target);
        *target = xstrdup(json_string(value));
        return 0;
}

int state_parse_version(const Json *value, const char *path, void *target, Error *reterr) {
        uint64_t version;

        return json_uint(value, path, STATE_VERSION, STATE_VERSION, &version, reterr);
}

int state_parse_definition(const Json *value, const char *path, char ***target, Error *reterr) {
        _cleanup_strv_ char **lines = NULL;
        size_t room = 0, n = 0;
        int r;

        r = json_expect(value, JSON_ARRAY, path, reterr);
        if (r < 0)
                return r;
        room = json_length(value) + 1;
        /* Not strv_push(), which counts each time. */
        lines = xnew0(char *, room);
        JSON_FOREACH (line, value) {
                if (json_type(line) == JSON_STRING)
                        lines[n] = state_unescape(json_string(line));
                if (!lines[n])
                        return error_raise(reterr, FC_EXIT_USAGE, "%s[%zu]: is not a line of a definition",
                                           path, n);
                n++;
        }
        strv_free(*target);
        *target = n > 0 ? TAKE_PTR(lines) : NULL;
        return 0;
}

/* Before anything else is looked at: what a later version writes is not damaged. */
static int check_version(const Json *json, const char *name, Error *reterr) {
        const Json *version = json_type(json) == JSON_OBJECT ? json_get(json, "version") : NULL;
        uint64_t number;

        if (!version || json_uint(version, "version", STATE_VERSION + 1, UINT32_MAX, &number, NULL) < 0)
                return 0;
        return error_raise(reterr, FC_EXIT_CONFLICT,
                           "state '%s' was written by a later flake-containers: its version is %u, not %u",
                           name, (unsigned) number, STATE_VERSION);
}

int state_parse_document(const char *text, size_t size, const char *name, const JsonField *fields,
                         size_t n_fields, void *target, Error *reterr) {
        _cleanup_(json_freep) Json *json = NULL;
        int r;

        r = json_parse(text, size, NULL, &json, reterr);
        if (r >= 0) {
                r = check_version(json, name, reterr);
                if (r < 0)
                        return r;
                r = json_expect(json, JSON_OBJECT, "", reterr);
        }
        if (r >= 0)
                r = json_dispatch(json, "", fields, n_fields, target, reterr);
        if (r >= 0)
                return 0;

        /* The user did not make this mistake, and advice on how to write such a file does not help. */
        if (reterr) {
                reterr->exit = FC_EXIT_CONFLICT;
                reterr->hints = strv_free(reterr->hints);
        }
        return error_prefix(reterr, r, "state '%s' is damaged", name);
}

/* ---- writing ---- */

char *state_escape(const char *text) {
        char *escaped = xmalloc0(strlen(text) * 4 + 1), *out = escaped;

        for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
                if (*p >= ' ' && *p <= '~' && *p != '\\')
                        *out++ = (char) *p;
                else
                        out += sprintf(out, "\\x%02x", *p);
        }
        return escaped;
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *state_unescape(const char *text) {
        _cleanup_free_ char *plain = xmalloc0(strlen(text) + 1);
        char *out = plain;

        for (const char *p = text; *p; p++) {
                if (*p != '\\') {
                        if (*p < ' ' || *p > '~')
                                return NULL;
                        *out++ = *p;
                        continue;
                }
                if (p[1] != 'x' || hex_digit(p[2]) < 0 || hex_digit(p[3]) < 0 || startswith(p, "\\x00"))
                        return NULL;
                *out++ = (char) (hex_digit(p[2]) * 16 + hex_digit(p[3]));
                p += 3;
        }
        return TAKE_PTR(plain);
}

/* People look into these files, so they are laid out, and end as text files do. */
char *state_print_document(const Json *json) {
        _cleanup_free_ char *text = json_print(json, true);

        return xasprintf("%s\n", text);
}

Json *state_definition_json(char *const *definition) {
        Json *lines = json_new_array();

        STRV_FOREACH (line, definition) {
                _cleanup_free_ char *escaped = state_escape(*line);

                json_append_string(lines, escaped);
        }
        return lines;
}
