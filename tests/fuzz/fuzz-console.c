/* SPDX-License-Identifier: MIT */

#include <sys/mman.h>

#include "base/strv.h"
#include "fuzz.h"
#include "logs/line-reader.h"

static int make_file(const uint8_t *data, size_t size) {
        int fd = memfd_create("console", MFD_CLOEXEC);

        FUZZ_CHECK(fd >= 0);
        FUZZ_CHECK(write(fd, data, size) == (ssize_t) size);
        return fd;
}

static size_t count_lines(LineReader *reader) {
        const char *line;
        size_t size, n = 0;

        while (line_reader_next(reader, &line, &size, NULL) > 0) {
                FUZZ_CHECK(size <= 65536 && !memchr(line, '\n', size));
                n++;
        }
        return n + line_reader_rest(reader, &line, &size);
}

/* A console's log in two parts, the older one cut off after as many bytes as the first byte says; and its
 * last lines, as many as the second. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_strv_ char **tail = NULL;
        _cleanup_close_ int whole = -EBADF;
        LineReader *reader;
        size_t cut, lines, all;

        if (size < 2)
                return 0;
        cut = data[0] < size - 2 ? data[0] : size - 2;
        lines = data[1];
        data += 2;
        size -= 2;
        whole = make_file(data, size);

        FUZZ_CHECK(line_reader_tail(whole, 0, lines, &tail, NULL) >= 0);
        FUZZ_CHECK(strv_length(tail) <= lines);

        reader = line_reader_new(make_file(data + cut, size - cut), make_file(data, cut));
        all = count_lines(reader);
        FUZZ_CHECK(all <= size);
        (void) line_reader_free(reader);
        reader = line_reader_new(make_file(data + cut, size - cut), make_file(data, cut));
        FUZZ_CHECK(line_reader_seek(reader, lines, NULL) >= 0);
        FUZZ_CHECK(count_lines(reader) <= lines);
        (void) line_reader_free(reader);
        return 0;
}
