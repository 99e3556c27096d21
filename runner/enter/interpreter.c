/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "enter/interpreter.h"

char *interpreter_parse(const char *header, size_t size) {
        _cleanup_free_ char *line = NULL;
        char *start;

        if (size < 2 || memcmp(header, "#!", 2) != 0)
                return NULL;
        if (size > INTERPRETER_HEADER_MAX)
                size = INTERPRETER_HEADER_MAX;
        line = xstrndup(header + 2, size - 2);
        line[strcspn(line, "\n")] = '\0';
        start = line + strspn(line, " \t");
        start[strcspn(start, " \t\r")] = '\0';
        return start[0] == '/' ? xstrdup(start) : NULL;
}
