/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"

static void *alloc_check(void *p) {
        if (!p) {
                (void) fputs("flake-containers: out of memory\n", stderr);
                abort();
        }
        return p;
}

void *xmalloc0(size_t size) {
        return alloc_check(calloc(1, size > 0 ? size : 1));
}

void *xreallocarray0(size_t n, size_t size) {
        return alloc_check(calloc(n > 0 ? n : 1, size));
}

void *xreallocarray(void *p, size_t n, size_t size) {
        return alloc_check(reallocarray(p, n > 0 ? n : 1, size));
}

char *xstrdup(const char *s) {
        return s ? alloc_check(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t n) {
        return alloc_check(strndup(s, n));
}

char *xvasprintf(const char *format, va_list ap) {
        char *s;

        if (vasprintf(&s, format, ap) < 0)
                s = NULL;
        return alloc_check(s);
}

char *xasprintf(const char *format, ...) {
        va_list ap;
        char *s;

        va_start(ap, format);
        s = xvasprintf(format, ap);
        va_end(ap);
        return s;
}
