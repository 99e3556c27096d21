/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "screen/buffer.h"
#include "screen/table.h"
#include "screen/text.h"

#define GAP 2

/* What is longer is a list or a sentence; what is shorter says nothing. */
#define SHORT    12
#define SHORTEST 4

struct Table {
        size_t n_columns;
        char ***rows; /* the first is the headers */
        size_t n_rows;
        const char **colours; /* of one cell of each row */
        size_t n_colours;
        size_t coloured; /* the column that it is in */
};

Table *table_new(const char *const *headers) {
        Table *table = xnew0(Table, 1);

        while (headers[table->n_columns])
                table->n_columns++;
        table_add_row(table, headers);
        return table;
}

Table *table_free(Table *table) {
        if (!table)
                return NULL;
        for (size_t i = 0; i < table->n_rows; i++)
                strv_free(table->rows[i]);
        free(table->rows);
        free(table->colours);
        free(table);
        return NULL;
}

void table_add_row(Table *table, const char *const *cells) {
        char ***row = XGROW(table->rows, table->n_rows);

        for (size_t i = 0; i < table->n_columns; i++)
                strv_push_take(row, text_safe(cells[i] && cells[i][0] ? cells[i] : "-"));
}

static size_t column_width(const Table *table, size_t column) {
        size_t width = 0;

        for (size_t i = 0; i < table->n_rows; i++) {
                size_t w = text_width(table->rows[i][column]);

                width = w > width ? w : width;
        }
        return width;
}

void table_colour(Table *table, size_t column, const char *colour) {
        while (table->n_colours < table->n_rows)
                *XGROW(table->colours, table->n_colours) = NULL;
        table->colours[table->n_rows - 1] = colour;
        table->coloured = column;
}

/* Makes the longest of the columns from @first to @end one narrower, unless all are as narrow as @least. */
static bool narrow(size_t *widths, size_t first, size_t end, size_t least) {
        size_t longest = first;

        for (size_t i = first; i < end; i++)
                if (widths[i] >= widths[longest])
                        longest = i;
        if (first >= end || widths[longest] <= least)
                return false;
        widths[longest]--;
        return true;
}

/* What is long gives way first; the names, which are what one looks for, after that; then all the rest. */
static void fit(size_t *widths, size_t n, size_t width) {
        size_t total = n > 0 ? (n - 1) * GAP : 0;

        for (size_t i = 0; i < n; i++)
                total += widths[i];
        while (total > width && (narrow(widths, 1, n, SHORT) || narrow(widths, 0, 1, SHORT) ||
                                 narrow(widths, 1, n, SHORTEST)))
                total--;
}

static void append_row(const Table *table, size_t row, const size_t *widths, const Output *output,
                       Buffer *buffer) {
        const char *colour = row < table->n_colours && output->colour ? table->colours[row] : NULL;
        size_t room = output->width > 0 ? output->width : SIZE_MAX;

        for (size_t k = 0; k < table->n_columns && room > 0; k++) {
                _cleanup_free_ char *cell = text_shorten(
                        table->rows[row][k], widths[k] < room ? widths[k] : room, output->unicode);
                bool marked = colour && k == table->coloured;
                size_t used = text_width(cell), fill = k + 1 < table->n_columns ? widths[k] - used + GAP : 0;

                if (marked)
                        buffer_append_text(buffer, colour);
                buffer_append_text(buffer, cell);
                if (marked)
                        buffer_append_text(buffer, "\x1b[0m");
                room -= used;
                fill = fill < room ? fill : room;
                buffer_append_fill(buffer, ' ', fill);
                room -= fill;
        }
        /* A cell may end in blanks itself. */
        while (buffer->size > 0 && buffer->data[buffer->size - 1] == ' ')
                buffer->size--;
        buffer_append_text(buffer, "\n");
}

void table_append(const Table *table, const Output *output, Buffer *buffer) {
        _cleanup_free_ size_t *widths = xnew0(size_t, table->n_columns + 1);

        for (size_t i = 0; i < table->n_columns; i++)
                widths[i] = column_width(table, i);
        if (output->width > 0)
                fit(widths, table->n_columns, output->width);
        for (size_t i = 0; i < table->n_rows; i++)
                append_row(table, i, widths, output, buffer);
}

int table_print_fitting(const Table *table, FILE *out, const Output *output) {
        _cleanup_buffer_ Buffer buffer = {0};

        table_append(table, output, &buffer);
        return buffer_flush(&buffer, out);
}

int table_print(const Table *table, FILE *out) {
        return table_print_fitting(table, out, &(Output){.unicode = true});
}
