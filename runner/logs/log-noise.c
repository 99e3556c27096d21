/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "logs/log-noise.h"

#define PRIORITY_WARNING 4

/* Also the processes that it forks, such as "(sd-mkdcreds)", as long as they have no other name. */
bool log_is_noise(const char *ident, size_t ident_size, int priority) {
        static const char *const names[] = {"systemd", "systemd-", "(", "kernel"};

        if (priority >= 0 && priority <= PRIORITY_WARNING)
                return false;
        for (size_t i = 0; ident && i < ELEMENTSOF(names); i++) {
                size_t n = strlen(names[i]);
                bool whole = names[i][n - 1] >= 'a' && names[i][n - 1] <= 'z';

                if ((whole ? ident_size == n : ident_size > n) && memcmp(ident, names[i], n) == 0)
                        return true;
        }
        return false;
}
