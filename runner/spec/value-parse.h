/* SPDX-License-Identifier: MIT */
#pragma once

/* JSON values that several keys have in common. All messages begin with the path. */

#include "base/json.h"

typedef int (*StringCheck)(const char *s, Error *reterr);

/* @ret: owned by the caller. */
int value_parse_string(const Json *value, const char *path, StringCheck check, char **ret, Error *reterr);

/* An array of strings; NULL for the empty one. @ret: owned by the caller. */
int value_parse_strv(const Json *value, const char *path, StringCheck check, char ***ret, Error *reterr);

/* One of `n_words` words. @ret: its index. */
int value_parse_word(const Json *value, const char *path, const char *const words[], size_t n_words,
                     size_t *ret, Error *reterr);

/* Seconds, at least one and at most a day, to microseconds. */
int value_parse_timeout(const Json *value, const char *path, uint64_t *ret, Error *reterr);

int value_parse_bool(const Json *value, const char *path, bool *ret, Error *reterr);
