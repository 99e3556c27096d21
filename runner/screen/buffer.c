/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "screen/buffer.h"

void buffer_done(Buffer *buffer) {
        free(buffer->data);
        *buffer = (Buffer){0};
}

static void make_room(Buffer *buffer, size_t size) {
        if (buffer->room - buffer->size >= size)
                return;
        buffer->room = (buffer->size + size) * 2;
        if (buffer->room < 256)
                buffer->room = 256;
        buffer->data = xreallocarray(buffer->data, buffer->room, 1);
}

void buffer_append(Buffer *buffer, const void *data, size_t size) {
        if (size == 0)
                return;
        make_room(buffer, size);
        memcpy(buffer->data + buffer->size, data, size);
        buffer->size += size;
}

void buffer_append_text(Buffer *buffer, const char *text) {
        buffer_append(buffer, text, strlen(text));
}

void buffer_append_fill(Buffer *buffer, char c, size_t n) {
        if (n == 0)
                return;
        make_room(buffer, n);
        memset(buffer->data + buffer->size, c, n);
        buffer->size += n;
}

void buffer_appendf(Buffer *buffer, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);
        buffer_append_text(buffer, text);
}

void buffer_drop(Buffer *buffer, size_t size) {
        if (size == 0)
                return;
        buffer->size -= size;
        memmove(buffer->data, buffer->data + size, buffer->size);
}

int buffer_flush(Buffer *buffer, FILE *out) {
        size_t size = buffer->size;

        buffer->size = 0;
        errno = 0;
        if (size > 0 && fwrite(buffer->data, 1, size, out) != size)
                return errno > 0 ? -errno : -EIO;
        if (fflush(out) != 0)
                return errno > 0 ? -errno : -EIO;
        return 0;
}

char *buffer_steal(Buffer *buffer) {
        char *text;

        buffer_append(buffer, "", 1);
        text = TAKE_PTR(buffer->data);
        *buffer = (Buffer){0};
        return text;
}
