/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/time-text.h"

char *timestamp_format(char buf[static TIMESTAMP_MAX], uint64_t usec) {
        time_t seconds = (time_t) (usec / USEC_PER_SEC);
        struct tm tm;

        if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900) {
                /* Beyond year 9999, which only a damaged journal says; RFC 3339 has no form for it. */
                (void) snprintf(buf, TIMESTAMP_MAX, "9999-12-31T23:59:59.999Z");
                return buf;
        }
        (void) snprintf(buf, TIMESTAMP_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                        ((unsigned) tm.tm_year + 1900) % 10000, (unsigned) tm.tm_mon % 12 + 1,
                        (unsigned) tm.tm_mday % 32, (unsigned) tm.tm_hour % 24, (unsigned) tm.tm_min % 60,
                        (unsigned) tm.tm_sec % 61, (unsigned) (usec / USEC_PER_MSEC % 1000));
        return buf;
}

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
