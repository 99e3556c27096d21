/* SPDX-License-Identifier: MIT */
#pragma once

/* Variables as the text of a shell, or of a file of variables. Pure. */

#include "base/strv.h"

typedef enum VariablesFormat {
        VARIABLES_SH,
        VARIABLES_FISH,
        VARIABLES_JSON,
        VARIABLES_DOTENV, /* as spec/env-file.h reads it */
        _VARIABLES_FORMAT_MAX,
        _VARIABLES_FORMAT_INVALID = -EINVAL,
} VariablesFormat;

VariablesFormat variables_format_from_string(const char *s);

/* @variables: NAME=VALUE, the names all different. Return: lines that end in newlines, owned by the
 * caller. */
char *variables_text(char *const *variables, VariablesFormat format);
