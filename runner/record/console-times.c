/* SPDX-License-Identifier: MIT */

#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/process.h"
#include "record/console-times.h"

/* With one write(2): a reader never sees half a pair, and after a kill there is none. */
static void times_append(int fd, const ConsoleTime *times, size_t n) {
        ConsoleTime raw[2];

        for (size_t i = 0; i < n; i++)
                raw[i] = (ConsoleTime){htole64(times[i].offset), htole64(times[i].usec)};
        (void) fs_write_all(fd, raw, n * sizeof(*raw));
}

static int read_pair(int fd, off_t at, ConsoleTime *ret) {
        ConsoleTime raw;

        if (pread(fd, &raw, sizeof(raw), at) != (ssize_t) sizeof(raw))
                return -ENODATA;
        *ret = (ConsoleTime){le64toh(raw.offset), le64toh(raw.usec)};
        return 0;
}

/* Whether it is about this log, which may have been put in another's place, or cut, by the developer. */
static bool times_fit(int fd, const struct stat *log, uint64_t *ret_end) {
        ConsoleTime first, last = {0};
        struct stat st;

        if (fstat(fd, &st) < 0 || st.st_size % (off_t) sizeof(ConsoleTime) != 0 ||
            read_pair(fd, 0, &first) < 0 || first.offset != CONSOLE_TIMES_MAGIC || first.usec != log->st_ino)
                return false;
        if (st.st_size > (off_t) sizeof(ConsoleTime) &&
            read_pair(fd, st.st_size - (off_t) sizeof(ConsoleTime), &last) < 0)
                return false;
        /* A keeper that stamps what it writes itself leaves nothing to be known. */
        *ret_end = last.usec > 0 ? (uint64_t) log->st_size : last.offset;
        return last.offset <= (uint64_t) log->st_size;
}

static void times_begin(int fd, const struct stat *log) {
        const ConsoleTime times[] = {{CONSOLE_TIMES_MAGIC, log->st_ino}, {(uint64_t) log->st_size, 0}};

        times_append(fd, times, log->st_size > 0 ? 2 : 1);
}

int console_times_open(int dir_fd, int log_fd, uint64_t *ret_end) {
        _cleanup_close_ int fd =
                fs_open_file_beneath(dir_fd, CONSOLE_TIMES, O_RDWR | O_CREAT | O_APPEND, 0644, NULL);
        struct stat log;

        if (fd < 0)
                return fd;
        if (fstat(log_fd, &log) < 0)
                return -errno;
        if (!times_fit(fd, &log, ret_end)) {
                if (ftruncate(fd, 0) < 0)
                        return -errno;
                times_begin(fd, &log);
                *ret_end = (uint64_t) log.st_size;
        }
        return TAKE_FD(fd);
}

void console_times_rotate(int dir_fd) {
        (void) renameat(dir_fd, CONSOLE_TIMES, dir_fd, CONSOLE_TIMES_OLD);
}

void console_times_note(int fd, uint64_t offset, uint64_t usec) {
        times_append(fd, &(ConsoleTime){offset, usec}, 1);
}

void console_times_note_past(int fd, uint64_t offset, uint64_t end, uint64_t usec) {
        times_append(fd, (ConsoleTime[]){{offset, usec}, {end, 0}}, 2);
}

uint64_t console_times_catch_up(int fd, int log_fd, uint64_t known) {
        struct stat log;

        if (fstat(log_fd, &log) < 0 || (uint64_t) log.st_size == known)
                return known;
        /* The developer has emptied it. */
        if ((uint64_t) log.st_size < known) {
                if (ftruncate(fd, 0) >= 0)
                        times_begin(fd, &log);
                return (uint64_t) log.st_size;
        }
        console_times_note_past(fd, known, (uint64_t) log.st_size,
                                (uint64_t) log.st_mtim.tv_sec * USEC_PER_SEC +
                                        (uint64_t) log.st_mtim.tv_nsec / 1000);
        return (uint64_t) log.st_size;
}

/* What the file begins with stays. */
#define KEPT (64 * 1024)

void console_times_trim(int fd) {
        off_t data = lseek(fd, KEPT, SEEK_DATA);
        struct stat st;

        if (data < 0 || fstat(fd, &st) < 0 ||
            st.st_size - data <= (off_t) (CONSOLE_TIMES_MAX * sizeof(ConsoleTime)))
                return;
        (void) fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, KEPT,
                         (st.st_size - (off_t) (CONSOLE_TIMES_MAX * sizeof(ConsoleTime) / 2)) / KEPT * KEPT -
                                 KEPT);
}
