/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "view/variables-text.h"

VariablesFormat variables_format_from_string(const char *s) {
        static const char *const table[] = {
                [VARIABLES_SH] = "sh",
                [VARIABLES_FISH] = "fish",
                [VARIABLES_JSON] = "json",
                [VARIABLES_DOTENV] = "dotenv",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(s, table[i]))
                        return (VariablesFormat) i;
        return _VARIABLES_FORMAT_INVALID;
}

/* Between two of @quote, with @before in front of each of @special. */
static char *quote_value(const char *value, char quote, const char *special, const char *before) {
        char *text = xmalloc0(strlen(value) * (strlen(before) + 1) + 3), *q = text;

        *q++ = quote;
        for (; *value; value++) {
                if (strchr(special, *value))
                        q = stpcpy(q, before);
                *q++ = *value;
        }
        *q = quote;
        return text;
}

/* In single quotes nothing means anything, and so a ' is put between them. */
static char *quote_sh(const char *value) {
        return quote_value(value, '\'', "'", "'\\'");
}

static char *quote_fish(const char *value) {
        return quote_value(value, '\'', "'\\", "\\");
}

static char *quote_dotenv(const char *value) {
        size_t n = strlen(value);

        if (strchr(value, '\'') || (n > 0 && value[n - 1] == '\\'))
                return quote_value(value, '"', "\"\\$", "\\");
        return quote_value(value, '\'', "", "");
}

static char *text_of_json(char *const *variables) {
        _cleanup_(json_freep) Json *json = json_new_object();
        _cleanup_free_ char *text = NULL;

        STRV_FOREACH (variable, variables) {
                _cleanup_free_ char *name = xstrndup(*variable, strcspn(*variable, "="));

                json_add_string(json, name, *variable + strlen(name) + 1);
        }
        text = json_print(json, /* pretty= */ true);
        return xasprintf("%s\n", text);
}

char *variables_text(char *const *variables, VariablesFormat format) {
        char *text = NULL;
        size_t size = 0;
        FILE *f;

        if (format == VARIABLES_JSON)
                return text_of_json(variables);
        f = open_memstream(&text, &size);
        if (!f)
                abort();
        STRV_FOREACH (variable, variables) {
                int n = (int) strcspn(*variable, "=");
                const char *value = *variable + n + 1;
                _cleanup_free_ char *quoted = format == VARIABLES_SH     ? quote_sh(value)
                                              : format == VARIABLES_FISH ? quote_fish(value)
                                                                         : quote_dotenv(value);

                if (format == VARIABLES_SH)
                        (void) fprintf(f, "export %.*s=%s\n", n, *variable, quoted);
                else if (format == VARIABLES_FISH)
                        (void) fprintf(f, "set -gx %.*s %s\n", n, *variable, quoted);
                else
                        (void) fprintf(f, "%.*s=%s\n", n, *variable, quoted);
        }
        if (fclose(f) != 0)
                abort();
        return text;
}
