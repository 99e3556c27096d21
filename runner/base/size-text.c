/* SPDX-License-Identifier: MIT */

#include "base/size-text.h"

char *format_size(char buf[static FORMAT_SIZE_MAX], uint64_t bytes) {
        static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
        uint64_t unit = 1;
        size_t i = 0;

        while (bytes / unit >= 1000 && i + 1 < ELEMENTSOF(units)) {
                unit *= 1000;
                i++;
        }
        if (i > 0 && bytes / unit < 10)
                (void) snprintf(buf, FORMAT_SIZE_MAX, "%u.%u %s", (unsigned) (bytes / unit),
                                (unsigned) (bytes % unit / (unit / 10)), units[i]);
        else
                (void) snprintf(buf, FORMAT_SIZE_MAX, "%u %s", (unsigned) (bytes / unit), units[i]);
        return buf;
}
