/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "machine/libexec.h"
#include "base/alloc.h"

int libexec_find(const char *program, char **ret, Error *reterr) {
        char self[PATH_MAX], *slash;
        ssize_t n;

        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                return error_set(reterr, errno, "find this program's own path");
        self[n] = '\0';
        /* In its folder, where it was built, or beside that, where it is installed. */
        for (size_t i = 0; i < 2 && (slash = strrchr(self, '/')); i++) {
                _cleanup_free_ char *path = NULL;

                *slash = '\0';
                path = xasprintf("%s/libexec/flake-containers/%s", self, program);
                if (access(path, X_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return error_raise(reterr, FC_EXIT_HOST, "helper program '%s' is missing below '%s'", program, self);
}
