/* SPDX-License-Identifier: MIT */
#pragma once

/* The lines at the end of a terminal that are drawn again in their place. A drawing is one write: to the
 * first of them, each new line over an old one, what is left of the old ones erased. It never erases the
 * whole screen, which tmux, among others, takes for a reason to keep the old one in its history, each time.
 * The cursor is not hidden, so that being killed leaves nothing to repair. */

#include "screen/buffer.h"
#include "screen/output.h"

typedef struct LiveArea {
        size_t *columns; /* of each line that will be drawn again */
        size_t n;
        size_t width;
        size_t old_rows; /* while it is drawn */
        bool empty;      /* nothing has been drawn since */
} LiveArea;

void live_area_done(LiveArea *area);

/* A drawing begins. @width: of the terminal now, which may have become narrower and wrapped lines. */
void live_area_begin(LiveArea *area, Buffer *buffer, size_t width);

/* @line: without its end; may have colours. @stays: it is not drawn again. */
void live_area_append(LiveArea *area, Buffer *buffer, const char *line, bool stays);

void live_area_end(LiveArea *area, Buffer *buffer);

/* All of @text, whose lines have ends, in its place, within the size of the terminal now; what does not fit
 * below one another is left out, since it could not be reached again. Return: 0, or a negative errno of
 * writing. */
int live_area_draw_text(LiveArea *area, Output *output, char *text, FILE *out);
