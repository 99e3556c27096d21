/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "import/interpolate.h"
#include "import/service.h"

const Json *tree_get(const Json *tree, const char *key) {
        return tree && json_type(tree) == JSON_OBJECT ? json_get(tree, key) : NULL;
}

const char *tree_text(const Json *tree) {
        return tree && json_type(tree) == JSON_STRING ? json_string(tree) : NULL;
}

bool tree_is_true(const Json *tree) {
        const char *text = tree_text(tree);

        return text && (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0 ||
                        strcasecmp(text, "on") == 0);
}

bool tree_is_unset(const Json *tree) {
        return json_type(tree) == JSON_NULL || (tree_text(tree) && streq(tree_text(tree), "false"));
}

char *service_place(const Service *s, const char *key) {
        _cleanup_free_ char *service = json_path_member("services", s->name);

        return json_path_member(service, key);
}

void service_note(Service *s, const char *key, const char *format, ...) {
        _cleanup_free_ char *place = service_place(s, key), *why = NULL;
        va_list ap;

        va_start(ap, format);
        why = xvasprintf(format, ap);
        va_end(ap);
        draft_note(&s->container->notes, place, "%s", why);
}

/* As a shell without any expansion. Return: false when a quote has no end. */
static bool split_words(const char *text, char ***ret) {
        _cleanup_free_ char *word = xmalloc0(strlen(text) + 1);
        size_t n = 0;
        bool inside = false;

        for (const char *s = text; *s; s++) {
                if (isspace((unsigned char) *s)) {
                        word[n] = '\0';
                        if (inside)
                                strv_push(ret, word);
                        inside = false;
                        n = 0;
                        continue;
                }
                inside = true;
                if (*s == '\'' || *s == '"') {
                        char quote = *s++;

                        for (; *s && *s != quote; s++) {
                                if (quote == '"' && *s == '\\' && s[1] && strchr("\"\\$`", s[1]))
                                        s++;
                                word[n++] = *s;
                        }
                        if (!*s)
                                return false;
                } else if (*s == '\\' && s[1])
                        word[n++] = *++s;
                else
                        word[n++] = *s;
        }
        word[n] = '\0';
        if (inside)
                strv_push(ret, word);
        return true;
}

char **service_words(Service *s, const char *key) {
        const Json *value = tree_get(s->tree, key);
        _cleanup_strv_ char **words = NULL;

        if (tree_text(value)) {
                if (split_words(tree_text(value), &words))
                        return TAKE_PTR(words);
                service_note(s, key, "not carried over: a quote has no end");
        } else if (value && json_type(value) == JSON_ARRAY) {
                JSON_FOREACH (item, value)
                        if (tree_text(item))
                                strv_push(&words, tree_text(item));
                        else
                                service_note(s, key, "an item is not a word, and left out");
                return TAKE_PTR(words);
        }
        return NULL;
}

bool duration_seconds(const char *text, uint64_t *ret) {
        static const struct {
                const char *unit;
                double seconds;
        } units[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}};
        double sum = 0;

        if (!*text)
                return false;
        while (*text) {
                char *end;
                double number;
                size_t length, i = 0;

                if (!isdigit((unsigned char) *text) && *text != '.')
                        return false;
                number = strtod(text, &end);
                length = strspn(end, "usmh");
                while (i < ELEMENTSOF(units) &&
                       !(strlen(units[i].unit) == length && strncmp(units[i].unit, end, length) == 0))
                        i++;
                if (end == text || i == ELEMENTSOF(units) || !(number >= 0 && number < 1e6))
                        return false;
                sum += number * units[i].seconds;
                text = end + length;
        }
        if (sum > 86400)
                return false;
        *ret = (uint64_t) sum + (sum > (double) (uint64_t) sum);
        return true;
}

char *tidy_name(const char *name) {
        char *result = xmalloc0(strlen(name) + 1);
        size_t n = 0;

        for (const char *s = name; *s; s++)
                if (isalnum((unsigned char) *s))
                        result[n++] = (char) tolower((unsigned char) *s);
                else if (n > 0 && result[n - 1] != '-')
                        result[n++] = '-';
        if (n > 63)
                n = 63;
        while (n > 0 && result[n - 1] == '-')
                n--;
        result[n] = '\0';
        if (n == 0) {
                free(result);
                return NULL;
        }
        return result;
}

/* Appends a part of a path, or goes up. @n: of @path that is used. */
static void path_step(char ***parts, size_t *n, const char *part, size_t length) {
        if (length == 0 || (length == 1 && *part == '.'))
                return;
        if (length == 2 && strncmp(part, "..", 2) == 0 && *n > 0 && !streq((*parts)[*n - 1], "..")) {
                free((*parts)[--*n]);
                (*parts)[*n] = NULL;
                return;
        }
        strv_push_take(parts, xstrndup(part, length));
        (*n)++;
}

char *project_path(const Service *s, const char *path) {
        const char *prefix = *path == '/' ? "" : s->input->prefix;
        _cleanup_free_ char *whole = xasprintf("%s/%s", prefix, path), *joined = NULL;
        bool absolute = *path == '/' || *prefix == '/';
        _cleanup_strv_ char **parts = NULL;
        size_t n = 0;

        for (const char *p = whole; *p; p += strcspn(p, "/"), p += *p == '/')
                path_step(&parts, &n, p, strcspn(p, "/"));
        joined = strv_join(parts, "/");
        if (absolute)
                return xasprintf("/%s", joined);
        return n == 0 ? xstrdup(".") : xasprintf("%s%s", *joined == '@' ? "./" : "", joined);
}

const char *service_variable(Service *s, const char *name) {
        const char *value = interpolate_get(s->variables, name, strlen(name));

        if (value && !strv_contains(s->used, name))
                strv_push(&s->used, name);
        return value;
}

void service_seed(Service *s, const char *user, char **command) {
        _cleanup_free_ char *place = service_place(s, "environment");
        Json *step = json_new_object();

        json_add_strv(step, "run", command);
        json_add_string(step, "user", user);
        (void) strv_free(command);
        draft_append(s->container, "seed", step, place);
}
