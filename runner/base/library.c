/* SPDX-License-Identifier: MIT */

#include <dlfcn.h>

#include "base/library.h"
#include "base/strv.h"

static bool sealed;

void library_seal(void) {
        sealed = true;
}

int library_open(Library *library, Error *reterr) {
        int r;

        if (library->handle)
                return 0;
        if (sealed)
                return error_raise(reterr, FC_EXIT_INTERNAL, "load %s: not from a container's files",
                                   library->soname);
        /* Never closed: what has been looked up is kept, and not all that is behind libgit2 survives it. As
         * linked: bound at once is what was built so, and the rest takes neither time nor memory. */
        library->handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL);
        if (!library->handle)
                library->handle = dlopen(library->path, RTLD_LAZY | RTLD_LOCAL);
        if (library->handle)
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST, "load %s: %s", library->soname, dlerror());
        error_add_hint(reterr, "%s", library->hint);
        return r;
}

void *library_function(Library *library, const char *name) {
        Error error = ERROR_NULL;
        void *function = NULL;

        if (library_open(library, &error) >= 0)
                function = dlsym(library->handle, name);
        if (function)
                return function;
        if (!error_is_set(&error)) {
                (void) error_raise(&error, FC_EXIT_HOST, "load %s: %s", library->soname, dlerror());
                error_add_hint(&error, "%s", library->hint);
        }
        /* As report_error() has it, which is not in all programs. */
        (void) fprintf(stderr, "error: %s\n", error.message);
        STRV_FOREACH (hint, error.hints)
                (void) fprintf(stderr, "  %s\n", *hint);
        _exit((int) error.exit);
}
