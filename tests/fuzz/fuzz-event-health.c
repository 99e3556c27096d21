/* SPDX-License-Identifier: MIT */

#include "base/strv.h"
#include "fuzz.h"
#include "logs/event-health.h"
#include "record/event-log.h"

static size_t read_failures(const char *text, bool *ret_over) {
        _cleanup_(event_health_done) EventHealth health = EVENT_HEALTH_NULL;

        event_health_read(text, "db", &health);
        *ret_over = health.over;
        return strv_length(health.failures);
}

/* An event log that the user has written to; and a line of ours behind it, which must be understood whatever
 * stands before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size),
                            *line = event_log_format(USEC_PER_SEC, "db", "degraded", text),
                            *last = event_log_format(USEC_PER_SEC, "db", "crashed", text),
                            *all = xasprintf("%s\n%s\n", text, line),
                            *end = xasprintf("%s\n%s\n", all, last);
        size_t before;
        bool over;

        before = read_failures(text, &over);
        FUZZ_CHECK(read_failures(all, &over) == before + 1);
        FUZZ_CHECK(!over);
        FUZZ_CHECK(read_failures(end, &over) == 0);
        FUZZ_CHECK(over);
        return 0;
}
