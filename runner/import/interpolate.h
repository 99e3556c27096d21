/* SPDX-License-Identifier: MIT */
#pragma once

/* $NAME and ${NAME..} in the values of a compose file, as docker compose replaces them: `:-`, `-`, `:?`,
 * `?`, `:+`, `+`, within each other, and `$$`. Keys stay as they are. */

#include "base/json.h"

#define INTERPOLATE_SIZE_MAX (1024 * 1024) /* of all values together */

typedef struct Interpolation {
        char *const *variables; /* "NAME=VALUE" */
        char **taken;           /* names whose value was used; the caller frees both */
        char **missing;         /* names that have no value, and nothing instead of it */
        size_t size;
} Interpolation;

/* @ret: a copy, owned by the caller. FC_EXIT_USAGE with the place: what is not such an expression, and a
 * variable that `?` demands. No message has a value. */
int interpolate(const Json *tree, const char *place, Interpolation *in, Json **ret, Error *reterr);

/* The value of a variable in "NAME=VALUE"s, the last one counting; or NULL. */
const char *interpolate_get(char *const *variables, const char *name, size_t length);
