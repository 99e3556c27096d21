/* SPDX-License-Identifier: MIT */

#include "record/event-health.h"
#include "record/event-log.h"
#include "base/strv.h"
#include "fuzz.h"

#define KEY ",\"container\":\"db\",\"event\":\""

/* An event log that the user has written to; and a line of ours behind it, which must be understood whatever
 * stands before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size),
                            *line = event_log_format(1, "db", "degraded", text),
                            *all = xasprintf("%s\n%s\n", text, line),
                            *end = xasprintf("%s\n{\"time\":\"x\"" KEY "ready\",\"detail\":null}\n", all);
        _cleanup_strv_ char **before = NULL, **known = NULL, **none = NULL;

        event_health_read(text, KEY, &before);
        event_health_read(all, KEY, &known);
        FUZZ_CHECK(strv_length(known) == strv_length(before) + 1);
        event_health_read(end, KEY, &none);
        FUZZ_CHECK(strv_length(none) == 0);
        return 0;
}
