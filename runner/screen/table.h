/* SPDX-License-Identifier: MIT */
#pragma once

/* Columns of text under headers, as `status` and `ls` print them. */

#include "base/macro.h"

typedef struct Table Table;

/* @headers: NULL-terminated; their number is the number of columns. */
Table *table_new(const char *const *headers);
Table *table_free(Table *table);
DEFINE_FREEP(Table, table_free);

/* Adds a row. @cells has one entry per column (copied; NULL and "" are shown as "-"), made safe for a
 * terminal (text.h), because cells may quote a guest. */
void table_add_row(Table *table, const char *const *cells);

/* Prints headers and rows: columns two blanks apart, as wide on the screen as their widest cell, and no
 * blank at the end of a line. Return: 0, or a negative errno of writing. */
int table_print(const Table *table, FILE *out);
