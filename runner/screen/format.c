/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include "screen/format.h"

char *format_duration(char buf[static FORMAT_DURATION_MAX], uint64_t usec) {
        uint64_t seconds = usec / USEC_PER_SEC;
        double exact = (double) usec / (double) USEC_PER_SEC;
        int r;

        /* The bounds are where the next form would round to: 9.97 s is "10s", not "10.0s". */
        if (usec < 95 * USEC_PER_MSEC)
                r = snprintf(buf, FORMAT_DURATION_MAX, "%.2fs", exact);
        else if (usec < 9950 * USEC_PER_MSEC)
                r = snprintf(buf, FORMAT_DURATION_MAX, "%.1fs", exact);
        else if (usec < 59500 * USEC_PER_MSEC)
                r = snprintf(buf, FORMAT_DURATION_MAX, "%.0fs", exact);
        else if (seconds < UINT64_C(60) * 60)
                r = snprintf(buf, FORMAT_DURATION_MAX, "%" PRIu64 "m", seconds < 60 ? 1 : seconds / 60);
        else if (seconds < UINT64_C(48) * 60 * 60)
                r = snprintf(buf, FORMAT_DURATION_MAX, "%" PRIu64 "h", seconds / (60 * 60));
        else
                r = snprintf(buf, FORMAT_DURATION_MAX, "%" PRIu64 "d", seconds / (24 * 60 * 60));
        (void) r;
        return buf;
}

char *format_size(char buf[static FORMAT_SIZE_MAX], uint64_t bytes) {
        static const char units[] = "BKMGTPE";
        double value = (double) bytes;
        size_t unit = 0;

        while (value >= 1023.5 && unit < ELEMENTSOF(units) - 2) {
                value /= 1024;
                unit++;
        }
        (void) snprintf(buf, FORMAT_SIZE_MAX, unit > 0 && value < 9.95 ? "%.1f%c" : "%.0f%c", value,
                        units[unit]);
        return buf;
}
