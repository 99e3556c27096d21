/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/manager-conf.h"

/* systemd takes away quotes and C's escapes first, then expands specifiers. "$" means nothing here. */
static const char *escape_of(char c) {
        switch (c) {
        case '\\':
                return "\\\\";
        case '"':
                return "\\\"";
        case '\n':
                return "\\n";
        case '\t':
                return "\\t";
        case '%':
                return "%%";
        default:
                return NULL;
        }
}

static char *put_escaped(char *q, const char *text) {
        for (const char *p = text; *p; p++) {
                const char *escape = escape_of(*p);

                if (escape)
                        q = stpcpy(q, escape);
                else
                        *q++ = *p;
        }
        return q;
}

/* A line for each variable: systemd adds them up, and takes no line of more than 1 MiB. */
char *manager_conf_print(char *const *environment) {
        static const char head[] = "[Manager]\n", before[] = "DefaultEnvironment=\"", after[] = "\"\n";
        size_t size = sizeof(head);
        char *text, *q;

        STRV_FOREACH (assignment, environment)
                size += strlen(before) + 2 * strlen(*assignment) + strlen(after);
        text = xmalloc0(size);
        q = stpcpy(text, head);
        STRV_FOREACH (assignment, environment) {
                q = stpcpy(q, before);
                q = put_escaped(q, *assignment);
                q = stpcpy(q, after);
        }
        return text;
}
