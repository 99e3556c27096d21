/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <time.h>

#include "base/timestamp.h"

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
