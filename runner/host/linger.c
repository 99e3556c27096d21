/* SPDX-License-Identifier: MIT */

#include <pwd.h>

#include "base/alloc.h"
#include "host/linger.h"

/* What logind remembers. */
bool linger_is_enabled(uid_t uid) {
        const struct passwd *account = getpwuid(uid);
        _cleanup_free_ char *path =
                account ? xasprintf("/var/lib/systemd/linger/%s", account->pw_name) : NULL;

        return path && access(path, F_OK) >= 0;
}
