/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "base/time-text.h"
#include "base/utf8.h"
#include "logs/log-format.h"
#include "screen/output.h"
#include "screen/text.h"

#define RESET "\x1b[0m"

void log_format_init(LogFormat *format, const LogRequest *request, FILE *out) {
        Output output;

        output_probe(fileno(out), &output);
        *format = (LogFormat){
                .output = request->output,
                .terminal = output.terminal,
                .colour = output.colour && !request->no_colour,
                .no_console_times = request->no_console_times,
                .clock_second = -1,
        };
        for (size_t i = 0; request->n_sources > 1 && !request->no_prefix && i < request->n_sources; i++) {
                size_t width = text_width(request->sources[i].container);

                format->prefix_width = width > format->prefix_width ? width : format->prefix_width;
        }
}

/* "db    | " */
static void append_prefix(const LogFormat *format, Buffer *buffer, const LogSource *source) {
        static const char *const colours[] = {"\x1b[36m", "\x1b[35m", "\x1b[32m",
                                              "\x1b[34m", "\x1b[33m", "\x1b[96m"};

        if (format->prefix_width == 0)
                return;
        if (format->colour)
                buffer_append_text(buffer, colours[source->colour % ELEMENTSOF(colours)]);
        buffer_append_text(buffer, source->container);
        buffer_append_fill(buffer, ' ', format->prefix_width - text_width(source->container));
        buffer_append_text(buffer, " | ");
        if (format->colour)
                buffer_append_text(buffer, RESET);
}

/* "10:02:11 ", with the date in front when that is not today's. */
static const char *clock_text(LogFormat *format, uint64_t usec) {
        time_t second = (time_t) (usec / USEC_PER_SEC), now;
        struct tm tm = {0}, today = {0};

        if (format->clock_second == second)
                return format->clock;
        now = time(NULL);
        (void) localtime_r(&second, &tm);
        (void) localtime_r(&now, &today);
        if (strftime(format->clock, sizeof(format->clock),
                     tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday ? "%H:%M:%S "
                                                                                : "%Y-%m-%d %H:%M:%S ",
                     &tm) == 0)
                format->clock[0] = '\0'; /* a year of many digits, which only a damaged file says */
        format->clock_second = second;
        return format->clock;
}

/* "redis[31]: " */
static void append_ident(Buffer *buffer, const LogEntry *entry) {
        if (entry->ident.size > 0)
                text_append_safe(buffer, entry->ident.data, entry->ident.size);
        else
                buffer_append_text(buffer, "unknown");
        if (entry->pid.size > 0) {
                buffer_append_text(buffer, "[");
                text_append_safe(buffer, entry->pid.data, entry->pid.size);
                buffer_append_text(buffer, "]");
        }
        buffer_append_text(buffer, ": ");
}

/* The width of what was appended since @start. */
static size_t width_since(const Buffer *buffer, size_t start) {
        _cleanup_free_ char *text = xstrndup(buffer->data + start, buffer->size - start);

        return text_width(text);
}

/* The next line of a message. A carriage return breaks a line too: printed, it would hide what stands before
 * it. @ret_left is what follows, NULL at the end. */
static LogText cut_line(LogText text, LogText *ret_left) {
        size_t size = 0, skip;

        while (size < text.size && text.data[size] != '\n' && text.data[size] != '\r')
                size++;
        skip = size;
        if (skip < text.size && text.data[skip] == '\r')
                skip++;
        if (skip < text.size && text.data[skip] == '\n')
                skip++;
        *ret_left = (LogText){0};
        if (skip < text.size)
                *ret_left = (LogText){.data = text.data + skip, .size = text.size - skip};
        return (LogText){.data = text.data, .size = size};
}

static const char *priority_colour(int priority) {
        if (priority < 0)
                return NULL;
        return priority <= 3 ? "\x1b[31m" : priority == 4 ? "\x1b[33m" : priority == 7 ? "\x1b[2m" : NULL;
}

static void append_short(LogFormat *format, Buffer *buffer, const LogSource *source, const LogEntry *entry) {
        const char *colour = format->colour ? priority_colour(entry->priority) : NULL;
        size_t start, indent = 0;
        LogText left = entry->message;
        bool first = true;

        do {
                LogText line = cut_line(left, &left);

                append_prefix(format, buffer, source);
                if (first) {
                        start = buffer->size;
                        buffer_append_text(buffer, clock_text(format, entry->realtime_usec));
                        append_ident(buffer, entry);
                        /* Only where it is used, because measuring costs more than all the rest. */
                        indent = left.data ? width_since(buffer, start) : 0;
                } else if (line.size > 0)
                        buffer_append_fill(buffer, ' ', indent);
                if (colour)
                        buffer_append_text(buffer, colour);
                text_append_safe(buffer, line.data, line.size);
                if (colour)
                        buffer_append_text(buffer, RESET);
                buffer_append_text(buffer, "\n");
                first = false;
        } while (left.data);
}

static void append_cat(const LogFormat *format, Buffer *buffer, LogText message) {
        if (!format->terminal) {
                buffer_append(buffer, message.data, message.size);
                buffer_append_text(buffer, "\n");
                return;
        }
        do {
                LogText line = cut_line(message, &message);

                text_append_safe(buffer, line.data, line.size);
                buffer_append_text(buffer, "\n");
        } while (message.data);
}

/* As a string for JSON, which cannot hold NUL; and the C1 control characters, which JSON would pass on as
 * they are, drive some terminals. What is not UTF-8 is replaced when JSON is printed. */
static void add_text(Json *json, const char *key, LogText text) {
        _cleanup_buffer_ Buffer buffer = {0};

        if (!text.data) {
                json_add_null(json, key);
                return;
        }
        for (size_t i = 0; i < text.size;) {
                size_t length = utf8_char_length(text.data + i, text.size - i);

                if (text.data[i] == '\0' ||
                    (length == 2 && text.data[i] == '\xc2' && (unsigned char) text.data[i + 1] < 0xa0))
                        buffer_append_text(&buffer, "\xef\xbf\xbd");
                else
                        buffer_append(&buffer, text.data + i, length > 0 ? length : 1);
                i += length > 0 ? length : 1;
        }
        buffer_append(&buffer, "", 1);
        json_add_string(json, key, buffer.data);
}

static void add_number(Json *json, const char *key, LogText text) {
        uint64_t value = 0;

        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < '0' || text.data[i] > '9' || text.size > 15) {
                        json_add_null(json, key);
                        return;
                } else
                        value = value * 10 + (uint64_t) (text.data[i] - '0');
        if (text.size > 0)
                json_add_uint(json, key, value);
        else
                json_add_null(json, key);
}

static void log_format_append_json(Buffer *buffer, const char *container, const LogEntry *entry) {
        _cleanup_(json_freep) Json *json = json_new_object();
        _cleanup_free_ char *text = NULL;
        char ts[TIMESTAMP_MAX];

        if (entry->realtime_usec > 0)
                json_add_string(json, "ts", timestamp_format(ts, entry->realtime_usec));
        else
                json_add_null(json, "ts");
        json_add_string(json, "container", container);
        add_text(json, "unit", entry->unit);
        add_text(json, "ident", entry->ident);
        add_number(json, "pid", entry->pid);
        if (entry->priority >= 0)
                json_add_uint(json, "priority", (uint64_t) entry->priority);
        else
                json_add_null(json, "priority");
        add_text(json, "message", entry->message);
        text = json_print(json, /* pretty= */ false);
        buffer_append_text(buffer, text);
        buffer_append_text(buffer, "\n");
}

void log_format_entry(LogFormat *format, Buffer *buffer, const LogSource *source, const LogEntry *entry) {
        switch (format->output) {
        case LOG_OUTPUT_JSON:
                log_format_append_json(buffer, source->container, entry);
                break;
        case LOG_OUTPUT_CAT:
                append_cat(format, buffer, entry->message);
                break;
        default:
                append_short(format, buffer, source, entry);
        }
}

void log_format_console(LogFormat *format, Buffer *buffer, const LogSource *source, uint64_t usec,
                        LogText line) {
        LogEntry entry = {.realtime_usec = usec, .priority = -1, .message = line};

        switch (format->output) {
        case LOG_OUTPUT_JSON:
                log_format_append_json(buffer, source->container, &entry);
                break;
        case LOG_OUTPUT_CAT:
                append_cat(format, buffer, entry.message);
                break;
        default:
                append_prefix(format, buffer, source);
                if (usec > 0 && !format->no_console_times)
                        buffer_append_text(buffer, clock_text(format, usec));
                text_append_safe(buffer, line.data, line.size);
                buffer_append_text(buffer, "\n");
        }
}

void log_format_evidence(const LogEntry *entry, char ***lines) {
        time_t second = (time_t) (entry->realtime_usec / USEC_PER_SEC);
        unsigned milliseconds = (unsigned) (entry->realtime_usec / USEC_PER_MSEC % 1000);
        _cleanup_buffer_ Buffer buffer = {0};
        LogText left = entry->message;
        struct tm tm = {0};
        size_t indent;

        (void) localtime_r(&second, &tm);
        buffer_appendf(&buffer, "%02d:%02d:%02d.%03u ", tm.tm_hour, tm.tm_min, tm.tm_sec, milliseconds);
        append_ident(&buffer, entry);
        indent = width_since(&buffer, 0);
        for (;;) {
                LogText line = cut_line(left, &left);

                text_append_safe(&buffer, line.data, line.size);
                strv_push_take(lines, buffer_steal(&buffer));
                if (!left.data)
                        return;
                buffer_append_fill(&buffer, ' ', indent);
        }
}
