/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "screen/buffer.h"
#include "screen/table.h"
#include "screen/text.h"

#define GAP 2

struct Table {
        size_t n_columns;
        char ***rows; /* the first is the headers */
        size_t n_rows;
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

int table_print(const Table *table, FILE *out) {
        _cleanup_free_ size_t *widths = xnew0(size_t, table->n_columns + 1);
        _cleanup_buffer_ Buffer buffer = {0};

        for (size_t i = 0; i < table->n_columns; i++)
                widths[i] = column_width(table, i);
        for (size_t i = 0; i < table->n_rows; i++) {
                for (size_t k = 0; k < table->n_columns; k++) {
                        const char *cell = table->rows[i][k];

                        buffer_append_text(&buffer, cell);
                        if (k + 1 < table->n_columns)
                                buffer_append_fill(&buffer, ' ', widths[k] - text_width(cell) + GAP);
                }
                /* A cell may end in blanks itself. */
                while (buffer.size > 0 && buffer.data[buffer.size - 1] == ' ')
                        buffer.size--;
                buffer_append_text(&buffer, "\n");
        }
        return buffer_flush(&buffer, out);
}
