/* SPDX-License-Identifier: MIT */

/* Each drawing has the lines that stay, and below them the busy ones again (screen/live-area.h). */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/time-text.h"
#include "screen/buffer.h"
#include "screen/live-area.h"
#include "screen/output.h"
#include "screen/progress-live.h"
#include "screen/text.h"

#define DEFAULT_WIDTH  80
#define DEFAULT_HEIGHT 24
#define NARROW         50
#define FRAME_INTERVAL (80 * USEC_PER_MSEC)

struct ProgressLive {
        FILE *out;
        Output output;
        size_t name_width;
        LiveArea area; /* the busy ones */
};

ProgressLive *progress_live_new(FILE *out, char *const *containers) {
        ProgressLive *live;
        Output output;

        output_probe(fileno(out), &output);
        if (!output.live)
                return NULL;
        live = xnew0(ProgressLive, 1);
        live->out = out;
        live->output = output;
        STRV_FOREACH (name, containers) {
                size_t width = text_width(*name);

                live->name_width = width > live->name_width ? width : live->name_width;
        }
        return live;
}

ProgressLive *progress_live_free(ProgressLive *live) {
        if (!live)
                return NULL;
        live_area_done(&live->area);
        free(live);
        return NULL;
}

typedef struct Glyph {
        const char *unicode, *ascii, *colour;
} Glyph;

/* Of the phases that end a line. */
static const Glyph glyphs[_PHASE_MAX] = {
        [PHASE_READY] = {"✔", "+", "\x1b[32m"},   [PHASE_COMPLETED] = {"✔", "+", "\x1b[32m"},
        [PHASE_STOPPED] = {"✔", "+", "\x1b[32m"}, [PHASE_FAILED] = {"✖", "x", "\x1b[31m"},
        [PHASE_SKIPPED] = {"∅", "-", "\x1b[31m"}, [PHASE_UNCHANGED] = {" ", " ", ""},
};

static void append_glyph(const ProgressLive *live, Buffer *buffer, const ProgressItem *item, bool stays,
                         uint64_t now) {
        static const char *const dots[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
        static const char *const bars[] = {"|", "/", "-", "\\"};
        const Glyph *glyph = &glyphs[item->phase];
        uint64_t frame = now / FRAME_INTERVAL;

        if (glyph->unicode)
                buffer_appendf(buffer, "  %s%s\x1b[0m ", glyph->colour,
                               live->output.unicode ? glyph->unicode : glyph->ascii);
        else if (stays)
                buffer_append_text(buffer, live->output.unicode ? "  … " : "  . ");
        else
                buffer_appendf(buffer, "  %s ",
                               live->output.unicode ? dots[frame % ELEMENTSOF(dots)]
                                                    : bars[frame % ELEMENTSOF(bars)]);
}

#define GLYPH_WIDTH 4

static char *padded_name(const ProgressLive *live, const ProgressItem *item) {
        size_t width = text_width(item->container);
        int pad = width < live->name_width ? (int) (live->name_width - width) : 0;

        return xasprintf("%s%*s", item->container, pad, "");
}

static size_t width_of(const ProgressLive *live) {
        return live->output.width > 0 ? live->output.width : DEFAULT_WIDTH;
}

/* A line that stays, as in "  ✔ db  ready  127.0.0.1:5432  1.9s": never cut, the terminal may wrap it. */
static void append_final(ProgressLive *live, Buffer *buffer, const ProgressItem *item, uint64_t now) {
        _cleanup_free_ char *name = padded_name(live, item), *text = NULL;
        char elapsed[FORMAT_DURATION_MAX];
        Buffer line = {0};

        append_glyph(live, &line, item, /* stays= */ true, now);
        buffer_appendf(&line, "%s  %s", name, phase_to_string(item->phase));
        if (item->detail)
                buffer_appendf(&line, "  %s", item->detail);
        if (phase_has_time(item->phase))
                buffer_appendf(&line, "  %s", format_duration(elapsed, now - item->since));
        text = buffer_steal(&line);
        live_area_append(&live->area, buffer, text, /* stays= */ true);
}

/* What stays may have lines. */
static void append_note(ProgressLive *live, Buffer *buffer, const char *note) {
        _cleanup_free_ char *copy = xstrdup(note);
        char *rest = copy, *line;

        while ((line = strsep(&rest, "\n")))
                live_area_append(&live->area, buffer, line, /* stays= */ true);
}

static char *busy_text(const ProgressLive *live, const ProgressItem *item, size_t room, uint64_t now) {
        _cleanup_free_ char *name = padded_name(live, item), *text = NULL;
        uint64_t elapsed = now - item->since;
        char buf[FORMAT_DURATION_MAX];

        /* Whole seconds below a minute: tenths only flicker here. */
        if (elapsed < 60 * USEC_PER_SEC)
                (void) snprintf(buf, sizeof(buf), "%us", (unsigned) (elapsed / USEC_PER_SEC));
        else
                (void) format_duration(buf, elapsed);
        /* Where there is no room for both, what it does says more than the word for it. */
        if (item->detail && room < NARROW)
                text = xasprintf("%s  %3s  %s", name, buf, item->detail);
        else
                text = xasprintf("%s  %-8s  %3s%s%s", name, phase_to_string(item->phase), buf,
                                 item->detail ? "  " : "", item->detail ? item->detail : "");
        return text_shorten(text, room, live->output.unicode);
}

static void append_busy(ProgressLive *live, Buffer *buffer, const ProgressItem *item, size_t room,
                        uint64_t now) {
        _cleanup_free_ char *text = busy_text(live, item, room, now), *line = NULL;
        Buffer whole = {0};

        append_glyph(live, &whole, item, /* stays= */ false, now);
        buffer_append_text(&whole, text);
        line = buffer_steal(&whole);
        live_area_append(&live->area, buffer, line, /* stays= */ false);
}

/* The last column stays free, because terminals differ in what they do after it. */
static size_t room_of(size_t width) {
        return width > GLYPH_WIDTH + 1 ? width - GLYPH_WIDTH - 1 : 0;
}

/* More lines than the screen has could not be reached again. */
static void append_all_busy(ProgressLive *live, Buffer *buffer, ProgressItem *const *items, size_t n,
                            uint64_t now) {
        size_t height = live->output.height > 0 ? live->output.height : DEFAULT_HEIGHT, busy = 0, shown = 0;
        size_t room = room_of(width_of(live));

        for (size_t i = 0; i < n; i++)
                busy += !items[i]->final;
        for (size_t i = 0; i < n; i++)
                if (!items[i]->final) {
                        if (busy > height - 1 && shown + 2 >= height)
                                break;
                        append_busy(live, buffer, items[i], room, now);
                        shown++;
                }
        if (shown < busy && height > 1) {
                _cleanup_free_ char *more = xasprintf("and %zu more", busy - shown),
                                    *cut = text_shorten(more, room, live->output.unicode),
                                    *line = xasprintf("%*s%s", GLYPH_WIDTH, "", cut);

                live_area_append(&live->area, buffer, line, /* stays= */ false);
        }
}

/* Draws anew. @final, an item, and @note, a text, are printed for good above the busy lines; may be NULL. */
static void draw(ProgressLive *live, ProgressItem *const *items, size_t n, const ProgressItem *final,
                 const char *note) {
        _cleanup_buffer_ Buffer buffer = {0};
        uint64_t now = now_usec();

        output_update_size(&live->output, fileno(live->out));
        live_area_begin(&live->area, &buffer, width_of(live));
        if (final)
                append_final(live, &buffer, final, now);
        if (note)
                append_note(live, &buffer, note);
        append_all_busy(live, &buffer, items, n, now);
        live_area_end(&live->area, &buffer);
        (void) buffer_flush(&buffer, live->out);
}

void progress_live_update(ProgressLive *live, ProgressItem *const *items, size_t n,
                          const ProgressItem *changed) {
        size_t width = text_width(changed->container);

        live->name_width = width > live->name_width ? width : live->name_width;
        draw(live, items, n, changed->final ? changed : NULL, NULL);
}

void progress_live_note(ProgressLive *live, ProgressItem *const *items, size_t n, const char *text) {
        draw(live, items, n, NULL, text);
}

void progress_live_tick(ProgressLive *live, ProgressItem *const *items, size_t n) {
        draw(live, items, n, NULL, NULL);
}

void progress_live_finish(ProgressLive *live, ProgressItem *const *items, size_t n) {
        _cleanup_buffer_ Buffer buffer = {0};
        uint64_t now = now_usec();

        live_area_begin(&live->area, &buffer, width_of(live));
        for (size_t i = 0; i < n; i++)
                if (!items[i]->final) {
                        append_final(live, &buffer, items[i], now);
                        items[i]->final = true; /* finishing twice prints it once */
                }
        live_area_end(&live->area, &buffer);
        (void) buffer_flush(&buffer, live->out);
}
