/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "logs/line-reader.h"
#include "screen/buffer.h"
#include "screen/text.h"

#define LINE_BLOCK_SIZE 16384
#define LINE_MAX_SIZE   65536

struct LineReader {
        int fd;
        int old_fd;     /* read to its end before; -EBADF: there is none, or it has been */
        off_t offset;   /* of what is read next */
        Buffer pending; /* read, not yet returned */
        size_t taken;   /* of `pending`: returned by the last call */
        size_t scanned; /* of `pending`: known to have no line end */
};

LineReader *line_reader_new(int fd, int old_fd) {
        LineReader *reader = xnew0(LineReader, 1);

        reader->fd = fd;
        reader->old_fd = old_fd;
        return reader;
}

LineReader *line_reader_free(LineReader *reader) {
        if (!reader)
                return NULL;
        (void) safe_close(reader->fd);
        (void) safe_close(reader->old_fd);
        buffer_done(&reader->pending);
        free(reader);
        return NULL;
}

LineReader *line_reader_copy(const LineReader *reader, Error *reterr) {
        int fd = fcntl(reader->fd, F_DUPFD_CLOEXEC, 3),
            old = reader->old_fd >= 0 ? fcntl(reader->old_fd, F_DUPFD_CLOEXEC, 3) : -EBADF;
        LineReader *copy = line_reader_new(fd, old);

        if (fd >= 0 && (old >= 0 || reader->old_fd < 0))
                return copy;
        (void) error_set(reterr, errno, "open the console's log once more");
        return line_reader_free(copy);
}

/* The first byte of data from @offset on: a log that was trimmed begins with a hole. A log that ends with
 * a hole has nothing more. */
static off_t skip_hole(int fd, off_t offset) {
        off_t data = lseek(fd, offset, SEEK_DATA);

        if (data < 0 && errno == ENXIO) {
                off_t end = lseek(fd, 0, SEEK_END);

                /* The end may be that of what was written since the first look. */
                data = lseek(fd, offset, SEEK_DATA);
                if (data < 0)
                        data = end;
        }
        return data > offset ? data : offset;
}

static ssize_t read_at(int fd, char *buf, size_t size, off_t offset) {
        ssize_t n;

        do
                n = pread(fd, buf, size, offset);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

/* Where the last byte of data before @end ends, as exactly as the file system knows; @begin is one. Whether
 * there is any data behind an offset is monotonous, so a file of any number of holes takes some 40 looks. */
static off_t data_end(int fd, off_t begin, off_t end) {
        off_t data = lseek(fd, end - 1, SEEK_DATA), upper = end;

        if (data == end - 1 || end <= begin)
                return end;
        while (upper - begin > 1) {
                off_t middle = begin + (upper - begin) / 2;

                data = lseek(fd, middle, SEEK_DATA);
                if (data >= 0 && data < end)
                        begin = data;
                else
                        upper = middle;
        }
        return upper;
}

/* Searches backwards for the @n-th line end before the last byte, which ends or belongs to the last line.
 * Text without line ends counts as lines of the size in which it is shown; a hole is nothing.
 * @ret_missing: how many lines more it would take. */
static int find_tail(int fd, uint64_t n, off_t *ret, uint64_t *ret_missing) {
        char block[LINE_BLOCK_SIZE];
        struct stat st;
        off_t end, begin = skip_hole(fd, 0), line_end;

        if (fstat(fd, &st) < 0)
                return -errno;
        *ret_missing = 0;
        if (n == 0) {
                *ret = st.st_size;
                return 0;
        }
        line_end = data_end(fd, begin, st.st_size);
        for (end = line_end - 1; end > begin;) {
                off_t there = data_end(fd, begin, end), start;
                ssize_t size;

                if (there < end)
                        line_end = end = there;
                start = end - begin > LINE_BLOCK_SIZE ? end - LINE_BLOCK_SIZE : begin;
                size = read_at(fd, block, (size_t) (end - start), start);
                if (size < 0)
                        return (int) size;
                if (size < end - start)
                        break; /* truncated meanwhile: from the beginning */
                for (; size > 0; size--) {
                        if (block[size - 1] != '\n' && line_end - (start + size) < LINE_MAX_SIZE)
                                continue;
                        line_end = start + size;
                        if (--n == 0) {
                                *ret = start + size;
                                return 0;
                        }
                }
                end = start;
        }
        *ret = begin;
        *ret_missing = begin < st.st_size ? n - 1 : n;
        return 0;
}

static void begin_at(LineReader *reader, off_t offset, bool with_old) {
        if (!with_old)
                reader->old_fd = safe_close(reader->old_fd);
        reader->offset = offset;
        reader->pending.size = reader->taken = reader->scanned = 0;
}

int line_reader_seek(LineReader *reader, uint64_t n, Error *reterr) {
        uint64_t missing = UINT64_MAX;
        off_t offset = 0;
        bool with_old;
        int r = 0;

        if (n != UINT64_MAX)
                r = find_tail(reader->fd, n, &offset, &missing);
        else
                offset = skip_hole(reader->old_fd >= 0 ? reader->old_fd : reader->fd, 0);
        with_old = reader->old_fd >= 0 && missing > 0;
        if (r >= 0 && with_old && missing != UINT64_MAX)
                r = find_tail(reader->old_fd, missing, &offset, &missing);
        if (r < 0)
                return error_set(reterr, r, "read the console's log");
        begin_at(reader, offset, with_old);
        return 0;
}

int line_reader_seek_to(LineReader *reader, uint64_t offset, Error *reterr) {
        struct stat st, old = {0};
        bool rotated;

        if (fstat(reader->fd, &st) < 0 || (reader->old_fd >= 0 && fstat(reader->old_fd, &old) < 0))
                return error_set(reterr, errno, "look at the console's log");
        rotated = (off_t) offset > st.st_size && (off_t) offset <= old.st_size;
        begin_at(reader, rotated || (off_t) offset <= st.st_size ? (off_t) offset : 0, rotated);
        return 0;
}

/* The part of a line that a screen shows in the end: behind the last carriage return that is followed by
 * text. */
static void visible_part(const char *line, size_t size, const char **ret_line, size_t *ret_size) {
        const char *cr;

        while (size > 0 && line[size - 1] == '\r')
                size--;
        cr = memrchr(line, '\r', size);
        *ret_line = cr ? cr + 1 : line;
        *ret_size = cr ? (size_t) (line + size - cr - 1) : size;
}

/* Takes @size bytes and @separator further ones (the line end) from what is pending. */
static void take_line(LineReader *reader, size_t size, size_t separator, const char **ret_line,
                      size_t *ret_size) {
        visible_part(reader->pending.data, size, ret_line, ret_size);
        reader->taken = size + separator;
        reader->scanned = 0;
}

/* A hole reads as zeros: it was made when we were about to read there, or while we did. */
static ssize_t read_there(LineReader *reader, int fd, char *block, size_t size) {
        for (;;) {
                ssize_t n = read_at(fd, block, size, reader->offset);
                off_t data;

                if (n <= 0 || !memchr(block, '\0', (size_t) n))
                        return n;
                data = skip_hole(fd, reader->offset);
                if (data == reader->offset) {
                        off_t hole = lseek(fd, data, SEEK_HOLE);

                        return hole > data && hole - data < n ? hole - data : n;
                }
                reader->offset = data;
        }
}

/* Return: 1 when more is pending, 0 at the end, 2 when the file was cut and reading begins anew. */
static int read_more(LineReader *reader) {
        char block[LINE_BLOCK_SIZE];
        struct stat st;
        ssize_t n = 0;

        if (reader->old_fd >= 0) {
                n = read_there(reader, reader->old_fd, block, sizeof(block));
                if (n == 0) {
                        /* A line may go on in the next file. */
                        reader->old_fd = safe_close(reader->old_fd);
                        reader->offset = 0;
                }
        }
        if (reader->old_fd < 0)
                n = read_there(reader, reader->fd, block, sizeof(block));
        if (n > 0) {
                buffer_append(&reader->pending, block, (size_t) n);
                reader->offset += n;
        }
        if (n != 0)
                return n < 0 ? (int) n : 1;
        if (fstat(reader->fd, &st) < 0)
                return -errno;
        if (st.st_size >= reader->offset)
                return 0;
        reader->offset = 0;
        return 2;
}

int line_reader_next(LineReader *reader, const char **ret_line, size_t *ret_size, Error *reterr) {
        Buffer *pending = &reader->pending;

        buffer_drop(pending, reader->taken);
        reader->taken = 0;
        for (;;) {
                const char *end = NULL;
                int r;

                if (pending->size > reader->scanned)
                        end = memchr(pending->data + reader->scanned, '\n', pending->size - reader->scanned);
                if (end) {
                        take_line(reader, (size_t) (end - pending->data), 1, ret_line, ret_size);
                        return 1;
                }
                reader->scanned = pending->size;
                if (pending->size >= LINE_MAX_SIZE) {
                        take_line(reader, LINE_MAX_SIZE, 0, ret_line, ret_size);
                        return 1;
                }

                r = read_more(reader);
                if (r < 0)
                        return error_set(reterr, r, "read the console's log");
                if (r == 0)
                        return 0;
                if (r == 2 && pending->size > 0) {
                        take_line(reader, pending->size, 0, ret_line, ret_size);
                        return 1;
                }
        }
}

bool line_reader_rest(LineReader *reader, const char **ret_line, size_t *ret_size) {
        buffer_drop(&reader->pending, reader->taken);
        reader->taken = 0;
        if (reader->pending.size == 0)
                return false;
        take_line(reader, reader->pending.size, 0, ret_line, ret_size);
        return true;
}

uint64_t line_reader_end(const LineReader *reader, bool *ret_old) {
        *ret_old = reader->old_fd >= 0;
        return (uint64_t) reader->offset - (reader->pending.size - reader->taken);
}

static void push_safe(char ***lines, const char *line, size_t size) {
        _cleanup_buffer_ Buffer safe = {0};

        text_append_safe(&safe, line, size);
        strv_push_take(lines, buffer_steal(&safe));
}

int line_reader_tail(int fd, uint64_t from, uint64_t n, char ***ret_lines, Error *reterr) {
        LineReader reader = {.fd = fd, .old_fd = -EBADF};
        _cleanup_strv_ char **lines = NULL;
        const char *line;
        struct stat st;
        size_t size;
        int r;

        r = line_reader_seek(&reader, n, reterr);
        /* A log that is shorter than that has been begun anew since. */
        if (fstat(fd, &st) >= 0 && (off_t) from <= st.st_size && reader.offset < (off_t) from)
                reader.offset = (off_t) from;
        while (r >= 0 && (r = line_reader_next(&reader, &line, &size, reterr)) > 0)
                push_safe(&lines, line, size);
        if (r >= 0 && line_reader_rest(&reader, &line, &size))
                push_safe(&lines, line, size);
        buffer_done(&reader.pending);
        if (r < 0)
                return r;
        *ret_lines = TAKE_PTR(lines);
        return 0;
}
