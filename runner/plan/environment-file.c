/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/environment-file.h"

/* In double quotes a newline is one, and these are what a backslash stands before. */
static char *put_quoted(char *q, const char *value) {
        *q++ = '"';
        for (; *value; value++) {
                if (strchr("\"\\`$", *value))
                        *q++ = '\\';
                *q++ = *value;
        }
        *q++ = '"';
        return q;
}

char *environment_file_print(char *const *environment) {
        size_t size = sizeof("#\n");
        char *text, *q;

        STRV_FOREACH (assignment, environment)
                size += 3 * strlen(*assignment) + sizeof(" \"\"\n");
        text = xmalloc0(size);
        q = stpcpy(text, "#");
        STRV_FOREACH (assignment, environment) {
                *q++ = ' ';
                q = mempcpy(q, *assignment, strcspn(*assignment, "="));
        }
        *q++ = '\n';
        STRV_FOREACH (assignment, environment) {
                const char *value = strchr(*assignment, '=') + 1;

                q = mempcpy(q, *assignment, (size_t) (value - *assignment));
                q = put_quoted(q, value);
                *q++ = '\n';
        }
        return text;
}

char *environment_file_print_plain(char *const *environment, size_t *ret_size) {
        size_t size = 0;
        char *text, *q;

        STRV_FOREACH (assignment, environment)
                size += strlen(*assignment) + 1;
        q = text = xmalloc0(size + 1);
        STRV_FOREACH (assignment, environment)
                q = stpcpy(q, *assignment) + 1;
        *ret_size = size;
        return text;
}
