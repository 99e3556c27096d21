/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "base/process.h"
#include "logs/event-line.h"
#include "logs/time-spec.h"
#include "screen/text.h"

void event_line_done(EventLine *line) {
        free(line->container);
        free(line->event);
        free(line->detail);
        *line = (EventLine){0};
}

static const char *string_of(const Json *json, const char *key) {
        const Json *value = json_get(json, key);

        return value && json_type(value) == JSON_STRING ? json_string(value) : NULL;
}

bool event_line_parse(const char *text, size_t size, EventLine *ret) {
        _cleanup_(json_freep) Json *json = NULL;
        const char *time, *container, *event, *detail;
        uint64_t usec;

        if (json_parse(text, size, NULL, &json, NULL) < 0 || json_type(json) != JSON_OBJECT)
                return false;
        time = string_of(json, "time");
        container = string_of(json, "container");
        event = string_of(json, "event");
        detail = string_of(json, "detail");
        if (!time || !container || !event || time_spec_parse(time, 0, &usec, NULL) < 0)
                return false;
        *ret = (EventLine){
                .usec = usec,
                .container = xstrdup(container),
                .event = xstrdup(event),
                .detail = detail ? xstrdup(detail) : NULL,
        };
        return true;
}

char *event_line_format(const EventLine *line, time_t now) {
        _cleanup_free_ char *container = text_safe(line->container), *event = text_safe(line->event),
                            *detail = text_safe(line->detail);
        time_t second = (time_t) (line->usec / USEC_PER_SEC);
        struct tm tm = {}, today = {};
        char clock[40] = "";

        (void) localtime_r(&second, &tm);
        (void) localtime_r(&now, &today);
        (void) strftime(clock, sizeof(clock),
                        tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday ? "%H:%M:%S"
                                                                                   : "%Y-%m-%d %H:%M:%S",
                        &tm);
        return xasprintf("%s %s: %s%s%s", clock, container, event, detail ? "  " : "", detail ? detail : "");
}
