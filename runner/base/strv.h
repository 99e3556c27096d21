/* SPDX-License-Identifier: MIT */
#pragma once

/* NULL-terminated vectors of strings; NULL is the empty vector. */

#include "base/macro.h"

char **strv_free(char **v);
DEFINE_FREEP(char *, strv_free);
#define _cleanup_strv_ _cleanup_(strv_freep)

/* Overwrites them first, since they are secrets. */
char **strv_free_secret(char **v);
DEFINE_FREEP(char *, strv_free_secret);

size_t strv_length(char *const *v);
void strv_push(char ***v, const char *s);
void strv_pushf(char ***v, const char *format, ...) _printf_(2, 3);
void strv_push_take(char ***v, char *s); /* takes ownership of s */
void strv_extend(char ***v, char *const *other);
char **strv_copy(char *const *v);
/* By the bytes. NULL is empty. */
void strv_sort(char **v);
bool strv_contains(char *const *v, const char *s);
bool strv_equal(char *const *a, char *const *b);
char *strv_join(char *const *v, const char *separator);

#define STRV_FOREACH(s, v) for (char *const *s = (v); s && *s; s++)
