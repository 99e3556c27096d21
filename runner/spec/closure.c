/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "spec/closure.h"
#include "spec/path.h"

typedef struct Line {
        const char *name;
        size_t number;
} Line;

static int closure_compare(const void *va, const void *vb) {
        const Line *a = va, *b = vb;
        int r = strcmp(a->name, b->name);

        return r != 0 ? r : a->number < b->number ? -1 : a->number > b->number;
}

/* Return: the part after "STORE/", or NULL. */
static const char *name_in_store(const char *path, const char *store) {
        const char *name = startswith(path, store);

        if (!name || name[0] != '/' || strchr(name + 1, '/'))
                return NULL;
        return name + 1;
}

static int check_line(const char *line, size_t number, const char *store, Error *reterr) {
        int r;

        r = path_check_inside(line, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "line %zu", number);
        if (!name_in_store(line, store))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "line %zu: '%.100s' is not a path of the store '%.100s'", number, line,
                                   store);
        return 0;
}

static int check_names(char *const *names, const char *toplevel, Error *reterr) {
        size_t n = strv_length(names);
        _cleanup_free_ Line *lines = xnew0(Line, n);
        bool found = false;

        for (size_t i = 0; i < n; i++) {
                lines[i] = (Line){names[i], i + 1};
                found = found || streq(names[i], toplevel);
        }
        qsort(lines, n, sizeof(*lines), closure_compare);
        for (size_t i = 1; i < n; i++)
                if (streq(lines[i - 1].name, lines[i].name))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "line %zu: '%.100s' is in line %zu already", lines[i].number,
                                           lines[i].name, lines[i - 1].number);
        return found ? 0
                     : error_raise(reterr, FC_EXIT_USAGE, "the toplevel '%.100s' is not in the list",
                                   toplevel);
}

int closure_parse(const char *text, size_t size, const char *store, const char *toplevel, char ***ret_names,
                  Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        size_t n = 0, lines = 1;
        int r;

        if (memchr(text, '\0', size))
                return error_raise(reterr, FC_EXIT_USAGE, "there is a NUL in it");
        for (size_t i = 0; i < size; i++)
                lines += text[i] == '\n';
        /* In one piece: strv_push() counts each time, and there are thousands. */
        names = xnew0(char *, lines + 1);
        for (const char *p = text, *end = text + size; p < end;) {
                const char *newline = memchr(p, '\n', (size_t) (end - p));
                size_t length = (size_t) ((newline ? newline : end) - p);
                _cleanup_free_ char *line = xstrndup(p, length);

                r = check_line(line, n + 1, store, reterr);
                if (r < 0)
                        return r;
                names[n++] = xstrdup(name_in_store(line, store));
                p += length + (newline ? 1 : 0);
        }
        r = check_names(names, strrchr(toplevel, '/') + 1, reterr);
        if (r < 0)
                return r;
        *ret_names = TAKE_PTR(names);
        return 0;
}
