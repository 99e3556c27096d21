/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "backend/nspawn-status.h"
#include "base/alloc.h"

char *nspawn_status_text(const char *status) {
        static const char *const prefixes[] = {"Container running: ", "User job ", "Job "};
        size_t n;

        /* 262 says that it has started. */
        if (streq(status, "Container running.") || streq(status, "Container started."))
                return xstrdup("");
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (startswith(status, prefixes[i]))
                        status = startswith(status, prefixes[i]);
        n = strlen(status);
        return xstrndup(status, n > 3 && streq(status + n - 3, "...") ? n - 3 : n);
}
