/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "screen/table.h"
#include "view/timings-text.h"

/* ---- table ---- */

enum { TIMING_CONTAINER, TIMING_STEP, TIMING_AT, TIMING_TOOK, _TIMING_MAX };

static char *format_seconds(uint64_t usec) {
        return xasprintf("%8.3fs", (double) usec / USEC_PER_SEC);
}

static void add_span(Table *table, const Timings *timings, const char *name, const char *what,
                     uint64_t began, uint64_t ended) {
        _cleanup_free_ char *at = format_seconds(began - timings->began_usec),
                            *took = format_seconds(ended - began);

        table_add_row(table, (const char *const[]){name, what, at, took});
}

static void add_container(Table *table, const Timings *timings, const ContainerTimings *c) {
        size_t unit = 0;

        for (size_t i = 0; i < c->n_steps; i++) {
                const TimingSpan *step = &c->steps[i];

                add_span(table, timings, c->name, step->what, step->began_usec, step->ended_usec);
                /* Below the step in which it began. */
                for (; unit < c->n_units &&
                       (i + 1 == c->n_steps || c->units[unit].began_usec < c->steps[i + 1].began_usec);
                     unit++) {
                        _cleanup_free_ char *what = xasprintf("  %s", c->units[unit].what);

                        add_span(table, timings, c->name, what, c->units[unit].began_usec,
                                 c->units[unit].ended_usec);
                }
        }
}

static void append_path(Buffer *buffer, const Timings *timings, const Spec *spec) {
        size_t n;
        _cleanup_free_ TimingPathStep *path = timings_critical_path(timings, spec, &n);
        uint64_t before = timings->began_usec;

        if (n == 0)
                return;
        buffer_append_text(buffer, "critical path:");
        for (size_t i = 0; i < n; i++) {
                buffer_appendf(buffer, "%s %s +%.3fs", i > 0 ? "," : "", path[i].container->name,
                               (double) (path[i].usec - before) / USEC_PER_SEC);
                before = path[i].usec;
        }
        buffer_append_text(buffer, "\n");
}

char *timings_text(const Timings *timings, const Spec *spec) {
        static const char *const headers[] = {
                [TIMING_CONTAINER] = "CONTAINER", [TIMING_STEP] = "STEP", [TIMING_AT] = "       AT",
                [TIMING_TOOK] = "     TOOK",      [_TIMING_MAX] = NULL,
        };
        _cleanup_(table_freep) Table *table = table_new(headers);
        const Output output = {};
        _cleanup_buffer_ Buffer buffer = {};

        add_span(table, timings, NULL, "specification", timings->began_usec, timings->known_usec);
        for (size_t i = 0; i < timings->n; i++)
                add_container(table, timings, &timings->containers[i]);
        add_span(table, timings, NULL, "all", timings->began_usec, timings->ended_usec);
        table_append(table, &output, &buffer);
        append_path(&buffer, timings, spec);
        return buffer_steal(&buffer);
}

/* ---- SVG ---- */

enum { LABEL_WIDTH = 320, PLOT_WIDTH = 900, ROW = 20, TOP = 40, N_TICKS = 10 };

static void append_escaped(Buffer *buffer, const char *text) {
        for (; *text; text++)
                switch (*text) {
                case '&':
                        buffer_append_text(buffer, "&amp;");
                        break;
                case '<':
                        buffer_append_text(buffer, "&lt;");
                        break;
                case '>':
                        buffer_append_text(buffer, "&gt;");
                        break;
                case '"':
                        buffer_append_text(buffer, "&quot;");
                        break;
                default:
                        buffer_append(buffer, text, 1);
                        break;
                }
}

typedef struct Plot {
        const Timings *timings;
        Buffer buffer;
        size_t n_rows;
} Plot;

static double plot_x(const Plot *plot, uint64_t usec) {
        uint64_t all = plot->timings->ended_usec - plot->timings->began_usec;

        return LABEL_WIDTH + (double) PLOT_WIDTH * (double) (usec - plot->timings->began_usec) /
                                     (double) (all > 0 ? all : 1);
}

static void plot_bar(Plot *plot, const char *name, const TimingSpan *span, const char *colour) {
        double x = plot_x(plot, span->began_usec), width = plot_x(plot, span->ended_usec) - x;
        size_t y = TOP + ROW * plot->n_rows++;

        buffer_appendf(&plot->buffer,
                       "<rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", x, y,
                       width < 1 ? 1 : width, ROW - 4, colour);
        buffer_appendf(&plot->buffer, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LABEL_WIDTH - 8,
                       y + 12);
        append_escaped(&plot->buffer, name);
        buffer_append_text(&plot->buffer, name[0] ? " " : "");
        append_escaped(&plot->buffer, span->what);
        buffer_appendf(&plot->buffer, " %.3fs</text>\n",
                       (double) (span->ended_usec - span->began_usec) / USEC_PER_SEC);
}

static void plot_ticks(Plot *plot) {
        uint64_t all = plot->timings->ended_usec - plot->timings->began_usec;

        for (unsigned i = 0; i <= N_TICKS; i++) {
                uint64_t usec = all * i / N_TICKS;
                double x = plot_x(plot, plot->timings->began_usec + usec);

                buffer_appendf(&plot->buffer,
                               "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%zu\" stroke=\"#ccc\"/>\n"
                               "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3fs</text>\n",
                               x, TOP - 8, x, TOP + ROW * plot->n_rows, x, TOP - 14,
                               (double) usec / USEC_PER_SEC);
        }
}

char *timings_svg(const Timings *timings) {
        Plot plot = {.timings = timings};
        _cleanup_free_ char *body = NULL;

        plot_bar(&plot, "",
                 &(TimingSpan){(char *) "specification", timings->began_usec, timings->known_usec}, "#999");
        for (size_t i = 0; i < timings->n; i++) {
                const ContainerTimings *c = &timings->containers[i];

                for (size_t k = 0; k < c->n_steps; k++)
                        plot_bar(&plot, c->name, &c->steps[k],
                                 startswith(c->steps[k].what, "wait") ? "#ddd" : "#4a90d9");
                for (size_t k = 0; k < c->n_units; k++)
                        plot_bar(&plot, c->name, &c->units[k], "#d9a34a");
        }
        plot_ticks(&plot);
        body = buffer_steal(&plot.buffer);
        return xasprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
                         "font-family=\"sans-serif\" font-size=\"12\">\n%s</svg>\n",
                         LABEL_WIDTH + PLOT_WIDTH + 60, TOP + ROW * plot.n_rows + 10, body);
}

/* ---- JSON ---- */

static Json *spans_json(const Timings *timings, const TimingSpan *spans, size_t n) {
        Json *list = json_new_array();

        for (size_t i = 0; i < n; i++) {
                Json *o = json_new_object();

                json_add_string(o, "what", spans[i].what);
                json_add_uint(o, "atUsec", spans[i].began_usec - timings->began_usec);
                json_add_uint(o, "usec", spans[i].ended_usec - spans[i].began_usec);
                json_append(list, o);
        }
        return list;
}

Json *timings_json(const Timings *timings, const Spec *spec) {
        size_t n;
        _cleanup_free_ TimingPathStep *path = timings_critical_path(timings, spec, &n);
        Json *o = json_new_object(), *containers = json_new_array(), *names = json_new_array();

        for (size_t i = 0; i < timings->n; i++) {
                const ContainerTimings *c = &timings->containers[i];
                Json *container = json_new_object();

                json_add_string(container, "name", c->name);
                json_add(container, "steps", spans_json(timings, c->steps, c->n_steps));
                json_add(container, "units", spans_json(timings, c->units, c->n_units));
                json_append(containers, container);
        }
        for (size_t i = 0; i < n; i++)
                json_append_string(names, path[i].container->name);
        json_add_uint(o, "specificationUsec", timings->known_usec - timings->began_usec);
        json_add_uint(o, "usec", timings->ended_usec - timings->began_usec);
        json_add(o, "containers", containers);
        json_add(o, "criticalPath", names);
        return o;
}
