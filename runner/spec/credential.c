/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/credential.h"

int credential_check_id(const char *id, Error *reterr) {
        size_t n = strlen(id);
        bool good = n > 0 && n <= NAME_MAX && !streq(id, ".") && !streq(id, "..");

        for (const char *s = id; *s; s++)
                /* A backslash would escape in the argument of --load-credential=. */
                good = good && *s > 0x20 && *s < 0x7f && *s != ':' && *s != '/' && *s != '\\';
        if (good)
                return 0;
        return error_raise(
                reterr, FC_EXIT_USAGE,
                "'%.100s' cannot name a credential: allowed are 1 to 255 printable ASCII characters "
                "without space, ':', '/' and '\\'",
                id);
}
