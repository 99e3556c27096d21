/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "logs/line-reader.h"

/* An unnamed file. */
static int file_of(const char *text, size_t size) {
        int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd < 0 || write(fd, text, size) != (ssize_t) size)
                test_fail(__FILE__, __LINE__, "write a file: %m");
        return fd;
}

static void assert_tail(const char *text, uint64_t n, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = file_of(text, strlen(text));
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *joined = NULL;

        ASSERT_OK(line_reader_tail(fd, 0, n, &lines, &error), &error);
        joined = strv_join(lines, "|");
        ASSERT_STREQ(joined, expected);
}

TEST(tail) {
        static const struct {
                const char *text;
                uint64_t n;
                const char *expected; /* lines joined by | */
        } cases[] = {
                {"", 10, ""},
                {"one\n", 10, "one"},
                {"one", 10, "one"},
                {"one\ntwo\nthree\n", 2, "two|three"},
                {"one\ntwo\nthree", 2, "two|three"},
                {"one\ntwo\nthree\n", 3, "one|two|three"},
                {"one\ntwo\nthree\n", UINT64_MAX, "one|two|three"},
                {"one\ntwo\n", 0, ""},
                {"one\n\n\n", 2, "|"},
                {"\n\n\n", 3, "||"},
                {"\n", 1, ""},
                /* What a screen would show. */
                {"a\r\nb\r\n", 9, "a|b"},
                {"10%\r20%\r100%\n", 9, "100%"},
                {"10%\r20%\r\r\n", 9, "20%"},
                {"\r\r\n", 9, ""},
                {"[ \x1b[0;32m  OK  \x1b[0m] Started x\n", 9, "[   OK  ] Started x"},
                {"\x1b[2J\x1b]0;evil\ahello \xff\n", 9, "hello \xef\xbf\xbd"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                test_set_row("case %zu", i);
                assert_tail(cases[i].text, cases[i].n, cases[i].expected);
        }
}

TEST(tail_of_one_run) {
        static const struct {
                uint64_t from;
                const char *expected;
        } cases[] = {
                {0, "two|three"},
                {4, "two|three"},
                {8, "three"},
                {14, ""},
                /* Begun anew meanwhile. */
                {15, "two|three"},
                {UINT64_C(1) << 40, "two|three"},
        };
        static const char text[] = "one\ntwo\nthree\n";

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_close_ int fd = file_of(text, strlen(text));
                _cleanup_strv_ char **lines = NULL;
                _cleanup_free_ char *joined = NULL;

                test_set_row("from %llu", (unsigned long long) cases[i].from);
                ASSERT_OK(line_reader_tail(fd, cases[i].from, 2, &lines, &error), &error);
                joined = strv_join(lines, "|");
                ASSERT_STREQ(joined, cases[i].expected);
        }
}

/* The search backwards goes in blocks of 16 KiB. */
TEST(tail_of_much) {
        _cleanup_free_ char *text = xnew0(char, 200000);
        size_t size = 0, lines = 0;

        for (; size < 190000; lines++)
                size += (size_t) sprintf(text + size, "%zu%.*s\n", lines, (int) (lines % 90),
                                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        for (size_t n = 1; n < lines; n += 7) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_close_ int fd = file_of(text, size);
                _cleanup_strv_ char **tail = NULL;

                test_set_row("%zu lines", n);
                ASSERT_OK(line_reader_tail(fd, 0, n, &tail, &error), &error);
                ASSERT_EQ(strv_length(tail), n);
                ASSERT_EQ(strtoul(tail[0], NULL, 10), lines - n);
                ASSERT_EQ(strtoul(tail[n - 1], NULL, 10), lines - 1);
        }
}

TEST(bytes_of_any_kind) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = file_of("a\0b\nc", 5);
        _cleanup_strv_ char **lines = NULL;

        ASSERT_OK(line_reader_tail(fd, 0, 10, &lines, &error), &error);
        ASSERT_EQ(strv_length(lines), 2);
        ASSERT_STREQ(lines[0], "a\xef\xbf\xbd"
                               "b");
}

TEST(refusals) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **lines = NULL;

        ASSERT_ERROR(line_reader_tail(directory, 0, 10, &lines, &error), &error, FC_EXIT_INTERNAL,
                     "Is a directory");
        ASSERT_ERROR(line_reader_tail(-1, 0, 10, &lines, &error), &error, FC_EXIT_INTERNAL,
                     "Bad file descriptor");
        ASSERT_TRUE(lines == NULL);
}

static void append(int fd, const char *text) {
        if (lseek(fd, 0, SEEK_END) < 0 || write(fd, text, strlen(text)) != (ssize_t) strlen(text))
                test_fail(__FILE__, __LINE__, "append: %m");
}

static void assert_next(LineReader *reader, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        const char *line = NULL;
        size_t size = 0;
        int r;

        r = line_reader_next(reader, &line, &size, &error);
        ASSERT_OK(r, &error);
        if (r > 0)
                text = xstrndup(line, size);
        ASSERT_STREQ(text, expected);
}

/* All that there is to read, with a comma after each line. */
static void assert_rest(LineReader *reader, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char shown[64] = "";
        const char *line;
        size_t size;
        int r;

        while ((r = line_reader_next(reader, &line, &size, &error)) > 0)
                (void) sprintf(shown + strlen(shown), "%.*s,", (int) size, line);
        ASSERT_OK(r, &error);
        ASSERT_STREQ(shown, expected);
}

TEST(growing_file) {
        int fd = file_of("one\ntw", 6);
        _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(fd, -EBADF);
        const char *line;
        size_t size;

        assert_next(reader, "one");
        assert_next(reader, NULL);
        append(fd, "o\n\nthree\nfo");
        assert_next(reader, "two");
        assert_next(reader, "");
        assert_next(reader, "three");
        assert_next(reader, NULL);
        assert_next(reader, NULL);
        /* Cut and written anew: the old rest first. */
        ASSERT_EQ(ftruncate(fd, 0), 0);
        assert_next(reader, "fo");
        assert_next(reader, NULL);
        append(fd, "new\nrest");
        assert_next(reader, "new");
        assert_next(reader, NULL);
        ASSERT_TRUE(line_reader_rest(reader, &line, &size));
        ASSERT_EQ(size, 4);
        ASSERT_TRUE(!line_reader_rest(reader, &line, &size));
}

TEST(endless_line) {
        _cleanup_free_ char *text = xnew0(char, 200000);
        _cleanup_(line_reader_freep) LineReader *reader = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        size_t size = 0, total = 0;
        const char *line;

        memset(text, 'x', 200000);
        reader = line_reader_new(file_of(text, 200000), -EBADF);
        while (line_reader_next(reader, &line, &size, &error) > 0) {
                ASSERT_TRUE(size <= 65536);
                total += size;
        }
        ASSERT_TRUE(line_reader_rest(reader, &line, &size));
        ASSERT_EQ(total + size, 200000);
}

/* The log and the part of it that was put aside before. */
TEST(two_parts) {
        static const struct {
                const char *old, *now;
                uint64_t lines;
                const char *expected; /* lines that end here */
        } table[] = {
                {"a\nb\n", "c\nd\n", UINT64_MAX, "a,b,c,d,"},
                {"a\nb\n", "c\nd\n", 5, "a,b,c,d,"},
                {"a\nb\n", "c\nd\n", 4, "a,b,c,d,"},
                {"a\nb\n", "c\nd\n", 3, "b,c,d,"},
                {"a\nb\n", "c\nd\n", 2, "c,d,"},
                {"a\nb\n", "c\nd\n", 1, "d,"},
                {"a\nb\n", "c\nd\n", 0, ""},
                {"a\nb\n", "", 1, "b,"},
                {"a\nb\n", "", 0, ""},
                {"", "c\n", 9, "c,"},
                {"a\nb", "c\nd\n", UINT64_MAX, "a,bc,d,"},
                {"a\nb\n", "c", 2, "b,"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int old = file_of(table[i].old, strlen(table[i].old)),
                    now = file_of(table[i].now, strlen(table[i].now));
                _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(now, old);
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu: %s", i, table[i].expected);
                ASSERT_OK(line_reader_seek(reader, table[i].lines, &error), &error);
                assert_rest(reader, table[i].expected);
        }
}

/* By an offset from before a rotation, and what comes later. */
TEST(offset_in_two_parts) {
        static const struct {
                const char *old, *now;
                uint64_t offset;
                const char *expected;
        } table[] = {
                {"a\nb\n", "c\nd\n", 2, "d,"}, {"a\nb\n", "c\nd\n", 4, ""}, {"a\nb\nb\n", "c\n", 4, "b,c,"},
                {"a\nb\n", "c\n", 4, "c,"},    {"a\nb\n", "c\n", 9, "c,"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int old = file_of(table[i].old, strlen(table[i].old)),
                    now = file_of(table[i].now, strlen(table[i].now));
                _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(now, old);
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu: %s", i, table[i].expected);
                ASSERT_OK(line_reader_seek_to(reader, table[i].offset, &error), &error);
                assert_rest(reader, table[i].expected);
                append(now, "new\n");
                assert_next(reader, "new");
        }
}

#define HOLE ((off_t) 1024 * 1024)

static int file_with_hole(const char *text) {
        int fd = file_of("gone\n", 5);

        ASSERT_OK(ftruncate(fd, HOLE));
        append(fd, text);
        ASSERT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HOLE));
        return fd;
}

/* A log that was trimmed begins where its hole ends, in whichever part. */
TEST(begins_with_a_hole) {
        static const struct {
                const char *old, *now;
                bool old_hole, now_hole;
                uint64_t lines;
                const char *expected;
        } table[] = {
                {NULL, "c\nd\n", false, true, UINT64_MAX, "c,d,"},
                {NULL, "c\nd\n", false, true, 9, "c,d,"},
                {NULL, "c\nd\n", false, true, 1, "d,"},
                {NULL, "c\nd\n", false, true, 0, ""},
                {"a\nb\n", "c\n", true, false, UINT64_MAX, "a,b,c,"},
                {"a\nb\n", "c\n", true, true, 9, "a,b,c,"},
                {"a\nb\n", "c\n", true, true, 2, "b,c,"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int old = !table[i].old       ? -EBADF
                          : table[i].old_hole ? file_with_hole(table[i].old)
                                              : file_of(table[i].old, strlen(table[i].old)),
                    now = table[i].now_hole ? file_with_hole(table[i].now)
                                            : file_of(table[i].now, strlen(table[i].now));
                _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(now, old);
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%zu: %s", i, table[i].expected);
                ASSERT_OK(line_reader_seek(reader, table[i].lines, &error), &error);
                assert_rest(reader, table[i].expected);
        }
}

/* Who follows too slowly goes on behind it. Zeros that were written are no hole. */
TEST(hole_overtakes_the_reader) {
        int fd = file_of("a\nz\0z\n", 6);
        _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(fd, -EBADF);
        _cleanup_(error_done) Error error = ERROR_NULL;
        const char *line;
        size_t size;

        assert_next(reader, "a");
        ASSERT_EQ(line_reader_next(reader, &line, &size, &error), 1);
        ASSERT_EQ(size, 3);
        ASSERT_OK(ftruncate(fd, HOLE));
        append(fd, "b\n");
        ASSERT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HOLE));
        assert_next(reader, "b");
}

/* Of a file that is larger than all disks there is nothing to show, and it takes no time. */
TEST(ends_with_a_hole) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **lines = NULL;
        int fd = file_of("", 0);
        _cleanup_(line_reader_freep) LineReader *reader = line_reader_new(fd, -EBADF);
        const char *line;
        size_t size;

        ASSERT_OK(ftruncate(fd, (off_t) 1 << 40));
        ASSERT_OK(line_reader_seek(reader, UINT64_MAX, &error), &error);
        ASSERT_EQ(line_reader_next(reader, &line, &size, &error), 0);
        ASSERT_TRUE(!line_reader_rest(reader, &line, &size));
        ASSERT_OK(line_reader_tail(fd, 0, 3, &lines, &error), &error);
        ASSERT_TRUE(lines == NULL);
}

static void assert_last_lines(int fd, uint64_t n, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *joined = NULL;

        ASSERT_OK(line_reader_tail(fd, 0, n, &lines, &error), &error);
        joined = strv_join(lines, "|");
        ASSERT_STREQ(joined, expected);
}

/* Behind lines and between them: what is not there does not count as lines. */
TEST(lines_before_a_hole) {
        _cleanup_close_ int fd = file_of("", 0);
        const off_t end = (off_t) 1 << 40;

        for (unsigned i = 0; i < HOLE / 8; i++)
                append(fd, i + 1 == HOLE / 8 ? "last...\n" : "a line.\n");
        ASSERT_OK(ftruncate(fd, end));
        /* A file system may else know it only by the larger units of its cache. */
        ASSERT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HOLE, end - HOLE));
        assert_last_lines(fd, 2, "a line.|last...");
        append(fd, "end\n");
        ASSERT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HOLE, end - HOLE));
        assert_last_lines(fd, 3, "a line.|last...|end");
}

/* Text without line ends is shown in pieces, and the pieces are counted. */
TEST(tail_without_line_ends) {
        size_t size = 1000 * 1000, total = 0;
        _cleanup_free_ char *text = xmalloc0(size);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **lines = NULL;
        _cleanup_close_ int fd = -EBADF;

        memset(text, 'x', size);
        fd = file_of(text, size);
        ASSERT_OK(line_reader_tail(fd, 0, 3, &lines, &error), &error);
        STRV_FOREACH (line, lines)
                total += strlen(*line);
        ASSERT_EQ(strv_length(lines), 3);
        ASSERT_EQ(total, 3 * 65536);
}
