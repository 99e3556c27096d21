/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "logs/event-line.h"
#include "record/event-log.h"

/* A line of events.jsonl. The parser accepts one spelling only. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(event_line_done) EventLine line = {0}, again = {0};
        _cleanup_free_ char *shown = NULL, *written = NULL;

        if (!event_line_parse((const char *) data, size, &line))
                return 0;
        FUZZ_CHECK(line.container && line.event);
        shown = event_line_format(&line, 0);
        for (const char *s = shown; *s;) {
                size_t n = utf8_char_length(s, strlen(s));

                FUZZ_CHECK(n > 0 && (unsigned char) *s >= 0x20 && *s != 0x7f);
                s += n;
        }
        written = event_log_format(line.usec, line.container, line.event, line.detail);
        FUZZ_CHECK(!strchr(written, '\n'));
        FUZZ_CHECK(event_line_parse(written, strlen(written), &again));
        FUZZ_CHECK(again.usec == line.usec / USEC_PER_MSEC * USEC_PER_MSEC && !again.detail == !line.detail);
        return 0;
}
