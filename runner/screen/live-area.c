/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "screen/live-area.h"
#include "screen/text.h"

void live_area_done(LiveArea *area) {
        free(area->columns);
        *area = (LiveArea){};
}

static size_t rows_of(const LiveArea *area) {
        size_t rows = 0;

        for (size_t i = 0; i < area->n; i++)
                rows += area->columns[i] > 0 ? (area->columns[i] + area->width - 1) / area->width : 1;
        return rows;
}

void live_area_begin(LiveArea *area, Buffer *buffer, size_t width) {
        area->width = width > 0 ? width : 1;
        area->old_rows = rows_of(area);
        area->n = 0;
        area->empty = true;
        if (area->old_rows > 0)
                buffer_appendf(buffer, "\r\x1b[%zuA", area->old_rows);
}

void live_area_append(LiveArea *area, Buffer *buffer, const char *line, bool stays) {
        _cleanup_free_ char *plain = text_safe(line);
        size_t columns = text_width(plain);

        if (area->old_rows > 0)
                buffer_append_text(buffer, "\x1b[2K");
        buffer_append_text(buffer, line);
        /* Its last row has something of an old line behind it, unless it is full: there an erasure would
         * take the last character. */
        if (area->old_rows > 0 && columns > area->width && columns % area->width > 0)
                buffer_append_text(buffer, "\x1b[K");
        buffer_append_text(buffer, "\n");
        area->empty = false;
        if (!stays)
                *XGROW(area->columns, area->n) = columns;
}

void live_area_end(LiveArea *area, Buffer *buffer) {
        if (area->old_rows == 0)
                return;
        /* In the terminal's first line that would be the whole screen. */
        if (area->empty) {
                for (size_t i = 0; i < area->old_rows; i++)
                        buffer_append_text(buffer, "\x1b[2K\n");
                buffer_appendf(buffer, "\x1b[%zuA", area->old_rows);
        } else
                buffer_append_text(buffer, "\x1b[J");
        area->old_rows = 0;
}

int live_area_draw_text(LiveArea *area, Output *output, char *text, FILE *out) {
        _cleanup_buffer_ Buffer screen = {0};
        char *rest = text, *line;
        size_t room = output->height > 1 ? output->height - 1 : SIZE_MAX;

        live_area_begin(area, &screen, output->width);
        for (; room > 0 && (line = strsep(&rest, "\n")) && rest; room--)
                live_area_append(area, &screen, line, /* stays= */ false);
        live_area_end(area, &screen);
        return buffer_flush(&screen, out);
}
