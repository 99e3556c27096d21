/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"

char **strv_free(char **v) {
        STRV_FOREACH (s, v)
                free(*s);
        free(v);
        return NULL;
}

char **strv_free_secret(char **v) {
        STRV_FOREACH (s, v)
                explicit_bzero(*s, strlen(*s));
        return strv_free(v);
}

size_t strv_length(char *const *v) {
        size_t n = 0;

        STRV_FOREACH (s, v)
                n++;
        return n;
}

void strv_push_take(char ***v, char *s) {
        size_t n = strv_length(*v);

        *v = xreallocarray(*v, n + 2, sizeof(char *));
        (*v)[n] = s;
        (*v)[n + 1] = NULL;
}

void strv_push(char ***v, const char *s) {
        strv_push_take(v, xstrdup(s));
}

void strv_pushf(char ***v, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        strv_push_take(v, xvasprintf(format, ap));
        va_end(ap);
}

void strv_extend(char ***v, char *const *other) {
        STRV_FOREACH (s, other)
                strv_push(v, *s);
}

char **strv_copy(char *const *v) {
        char **copy = NULL;

        strv_extend(&copy, v);
        return copy;
}

static int strv_compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort(char **v) {
        if (v)
                qsort(v, strv_length(v), sizeof(*v), strv_compare);
}

bool strv_contains(char *const *v, const char *s) {
        STRV_FOREACH (i, v)
                if (streq(*i, s))
                        return true;
        return false;
}

bool strv_equal(char *const *a, char *const *b) {
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

char *strv_join(char *const *v, const char *separator) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                abort();
        STRV_FOREACH (s, v)
                (void) fprintf(f, "%s%s", s == v ? "" : separator, *s);
        if (fclose(f) != 0)
                abort();
        return text;
}
