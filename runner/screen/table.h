/* SPDX-License-Identifier: MIT */
#pragma once

/* Columns of text under headers, as `status` and `ls` print them. */

#include "screen/buffer.h"
#include "screen/output.h"

typedef struct Table Table;

/* @headers: NULL-terminated; their number is the number of columns. */
Table *table_new(const char *const *headers);
Table *table_free(Table *table);
DEFINE_FREEP(Table, table_free);

/* Adds a row. @cells has one entry per column (copied; NULL and "" are shown as "-"), made safe for a
 * terminal (text.h), because cells may quote a guest. */
void table_add_row(Table *table, const char *const *cells);

#define TABLE_RED    "\x1b[31m"
#define TABLE_YELLOW "\x1b[33m"

/* Of a cell of the row that was added last, where the output has colours; NULL: none. The column is the same
 * for all rows. */
void table_colour(Table *table, size_t column, const char *colour);

/* Prints headers and rows: columns two blanks apart, as wide on the screen as their widest cell, and no
 * blank at the end of a line. Return: 0, or a negative errno of writing. */
int table_print(const Table *table, FILE *out);

/* Likewise within the width of @output, if it has one: what is long is shortened first, the first column
 * after that, and no line is wrapped. */
void table_append(const Table *table, const Output *output, Buffer *buffer);
int table_print_fitting(const Table *table, FILE *out, const Output *output);
