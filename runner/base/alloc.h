/* SPDX-License-Identifier: MIT */
#pragma once

/* Allocation that cannot fail: out of memory aborts the process. Everything that must be undone is either
 * done by the kernel when a process dies or repaired by the next command, so there is nothing better to
 * do. */

#include <stdarg.h>
#include <string.h>

#include "base/macro.h"

void *xmalloc0(size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) _printf_(1, 2);
char *xvasprintf(const char *format, va_list ap) _printf_(1, 0);

#define xnew0(t, n) ((t *) xreallocarray0((n), sizeof(t)))
void *xreallocarray0(size_t n, size_t size);

/* Grows `array` by one zeroed element and evaluates to a pointer to it. */
#define XGROW(array, n)                                                                                     \
        ({                                                                                                  \
                (array) = xreallocarray((array), (n) + 1, sizeof(*(array)));                                \
                memset(&(array)[(n)], 0, sizeof(*(array)));                                                 \
                &(array)[(n)++];                                                                            \
        })

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* Equality where NULL equals only NULL. */
static inline bool streq_ptr(const char *a, const char *b) {
        return a && b ? streq(a, b) : a == b;
}

/* The rest of `s` after `prefix`, or NULL. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}
