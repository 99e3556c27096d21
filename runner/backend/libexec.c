/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "backend/libexec.h"
#include "base/alloc.h"

int libexec_find(const char *program, char **ret, Error *reterr) {
        static const char *const places[] = {"libexec/flake-containers", "../libexec/flake-containers"};
        char self[PATH_MAX];
        ssize_t n;

        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                return error_set(reterr, errno, "find this program's own path");
        self[n] = '\0';
        *strrchr(self, '/') = '\0';
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s/%s", self, places[i], program);

                if (access(path, X_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return error_raise(reterr, FC_EXIT_HOST, "helper program '%s' is missing beside '%s'", program,
                           self);
}
