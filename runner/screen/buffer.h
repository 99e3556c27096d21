/* SPDX-License-Identifier: MIT */
#pragma once

/* Bytes that grow at their end. Zero-initialised it is empty; text in it is not NUL-terminated. */

#include <stdarg.h>

#include "base/macro.h"

typedef struct Buffer {
        char *data;
        size_t size;
        size_t room;
} Buffer;

void buffer_done(Buffer *buffer);
void buffer_append(Buffer *buffer, const void *data, size_t size);
void buffer_append_text(Buffer *buffer, const char *text);
void buffer_append_fill(Buffer *buffer, char c, size_t n);
void buffer_appendf(Buffer *buffer, const char *format, ...) _printf_(2, 3);

/* Removes the first @size bytes. */
void buffer_drop(Buffer *buffer, size_t size);

/* Writes everything to @out, flushes it and empties the buffer, in as few system calls as stdio allows. The
 * buffer is emptied even on failure. Return: 0, or a negative errno (-EPIPE: the reader is gone). */
int buffer_flush(Buffer *buffer, FILE *out);

/* The content as a NUL-terminated string that the caller owns; the buffer is empty afterwards. */
char *buffer_steal(Buffer *buffer);

#define _cleanup_buffer_ _cleanup_(buffer_done)
