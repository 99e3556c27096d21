/* SPDX-License-Identifier: MIT */

/* Each drawing is one write: up to the first of our lines, erase to the end of the screen, the lines that
 * stay, the busy lines again. The cursor is not hidden, so that being killed leaves nothing to repair. */

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/time-text.h"
#include "screen/buffer.h"
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
        size_t *drawn; /* columns of each line that stands below the lines that stay */
        size_t n_drawn;
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
        free(live->drawn);
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

/* A line that stays, as in "  ✔ db  ready  127.0.0.1:5432  1.9s": never cut, the terminal may wrap it. */
static void append_final(const ProgressLive *live, Buffer *buffer, const ProgressItem *item, uint64_t now) {
        _cleanup_free_ char *name = padded_name(live, item);
        char elapsed[FORMAT_DURATION_MAX];

        append_glyph(live, buffer, item, /* stays= */ true, now);
        buffer_appendf(buffer, "%s  %s", name, phase_to_string(item->phase));
        if (item->detail)
                buffer_appendf(buffer, "  %s", item->detail);
        if (phase_has_time(item->phase))
                buffer_appendf(buffer, "  %s", format_duration(elapsed, now - item->since));
        buffer_append_text(buffer, "\n");
}

static void append_drawn(ProgressLive *live, Buffer *buffer, const char *text, size_t room) {
        _cleanup_free_ char *cut = text_shorten(text, room, live->output.unicode);

        *XGROW(live->drawn, live->n_drawn) = GLYPH_WIDTH + text_width(cut);
        buffer_append_text(buffer, cut);
        buffer_append_text(buffer, "\n");
}

static void append_busy(ProgressLive *live, Buffer *buffer, const ProgressItem *item, size_t room,
                        uint64_t now) {
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
        append_glyph(live, buffer, item, /* stays= */ false, now);
        append_drawn(live, buffer, text, room);
}

/* Rows from the first of our lines to the cursor: a terminal that became narrower has wrapped them. */
static size_t drawn_rows(const ProgressLive *live, size_t width) {
        size_t rows = 0;

        for (size_t i = 0; i < live->n_drawn; i++)
                rows += live->drawn[i] > 0 ? (live->drawn[i] + width - 1) / width : 1;
        return rows;
}

/* Draws anew. @final, an item, and @note, a text, are printed for good above the busy lines; may be NULL. */
static void draw(ProgressLive *live, ProgressItem *const *items, size_t n, const ProgressItem *final,
                 const char *note) {
        _cleanup_buffer_ Buffer buffer = {0};
        uint64_t now = now_usec();
        size_t width, height, rows, busy = 0, shown = 0;

        output_update_size(&live->output, fileno(live->out));
        width = live->output.width > 0 ? live->output.width : DEFAULT_WIDTH;
        height = live->output.height > 0 ? live->output.height : DEFAULT_HEIGHT;
        for (size_t i = 0; i < n; i++)
                busy += !items[i]->final;

        rows = drawn_rows(live, width);
        live->n_drawn = 0;
        if (rows > 0)
                buffer_appendf(&buffer, "\r\x1b[%zuA\x1b[J", rows);
        if (final)
                append_final(live, &buffer, final, now);
        if (note)
                buffer_appendf(&buffer, "%s\n", note);

        /* More lines than the screen has could not be reached again. The last column stays free, because
         * terminals differ in what they do after it. */
        for (size_t i = 0; i < n; i++)
                if (!items[i]->final) {
                        if (busy > height - 1 && shown + 2 >= height)
                                break;
                        append_busy(live, &buffer, items[i],
                                    width > GLYPH_WIDTH + 1 ? width - GLYPH_WIDTH - 1 : 0, now);
                        shown++;
                }
        if (shown < busy && height > 1) {
                _cleanup_free_ char *more = xasprintf("and %zu more", busy - shown);

                buffer_append_fill(&buffer, ' ', GLYPH_WIDTH);
                append_drawn(live, &buffer, more, width > GLYPH_WIDTH + 1 ? width - GLYPH_WIDTH - 1 : 0);
        }
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
        size_t width = live->output.width > 0 ? live->output.width : DEFAULT_WIDTH;
        size_t rows = drawn_rows(live, width);

        live->n_drawn = 0;
        if (rows > 0)
                buffer_appendf(&buffer, "\r\x1b[%zuA\x1b[J", rows);
        for (size_t i = 0; i < n; i++)
                if (!items[i]->final) {
                        append_final(live, &buffer, items[i], now);
                        items[i]->final = true; /* finishing twice prints it once */
                }
        (void) buffer_flush(&buffer, live->out);
}
