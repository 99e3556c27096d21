/* SPDX-License-Identifier: MIT */

#include <endian.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "logs/console-clock.h"

/* More than the keepers write. */
#define FILE_MAX ((off_t) (2 * CONSOLE_TIMES_MAX * sizeof(ConsoleTime)))

/* Two processes may have told the same, one of them a little late, so that an offset is less than the one
 * before: then it only counts where nothing was known. */
static void clock_add(ConsoleClock *clock, ConsoleTime time) {
        ConsoleTime *last = clock->n > 0 ? &clock->times[clock->n - 1] : NULL;

        if (!last || time.offset > last->offset)
                *XGROW(clock->times, clock->n) = time;
        else if (time.usec > 0 && (last->usec == 0 || time.offset == last->offset))
                last->usec = time.usec;
}

/* Behind the first pair. Of what no keeper has looked at nothing is known. */
static void clock_restart(ConsoleClock *clock) {
        clock->n = clock->at = 0;
        clock->looked_to = 0;
        clock->read_to = (off_t) sizeof(ConsoleTime);
        clock_add(clock, (ConsoleTime){0, 0});
}

static void clock_read(ConsoleClock *clock) {
        ConsoleTime block[256];
        struct stat st;
        ssize_t n;

        /* Begun anew, with a log that the developer has emptied. */
        if (fstat(clock->fd, &st) >= 0 && st.st_size < clock->read_to)
                clock_restart(clock);
        while ((n = pread(clock->fd, block, sizeof(block), clock->read_to)) >= (ssize_t) sizeof(*block)) {
                size_t count = (size_t) n / sizeof(*block);

                for (size_t i = 0; i < count; i++)
                        clock_add(clock, (ConsoleTime){le64toh(block[i].offset), le64toh(block[i].usec)});
                clock->read_to += (off_t) (count * sizeof(*block));
        }
}

static bool clock_begin(ConsoleClock *clock) {
        struct stat st, log;
        ConsoleTime first;

        if (fstat(clock->fd, &st) < 0 || fstat(clock->log_fd, &log) < 0 ||
            pread(clock->fd, &first, sizeof(first), 0) != (ssize_t) sizeof(first) ||
            le64toh(first.offset) != CONSOLE_TIMES_MAGIC || le64toh(first.usec) != log.st_ino)
                return false;
        clock_restart(clock);
        if (st.st_size > FILE_MAX)
                clock->read_to = (st.st_size - FILE_MAX) / (off_t) sizeof(first) * (off_t) sizeof(first);
        return true;
}

int console_clock_open(int dir_fd, const char *name, int log_fd, ConsoleClock *ret, Error *reterr) {
        ConsoleClock clock = {.log_fd = log_fd};
        int r;

        r = fs_open_file_beneath_optional(dir_fd, name, &clock.fd, reterr);
        if (r < 0)
                return r;
        if (clock.fd >= 0 && clock_begin(&clock))
                clock_read(&clock);
        else
                clock.fd = safe_close(clock.fd);
        *ret = clock;
        return 0;
}

void console_clock_done(ConsoleClock *clock) {
        (void) safe_close(clock->fd);
        free(clock->times);
        *clock = CONSOLE_CLOCK_NULL;
}

/* The last of them at or before @offset. Lines are read in turn, so it is mostly this one or the next. */
static void clock_search(ConsoleClock *clock, uint64_t offset) {
        if (clock->times[clock->at].offset > offset)
                clock->at = 0;
        while (clock->at + 1 < clock->n && clock->times[clock->at + 1].offset <= offset)
                clock->at++;
}

uint64_t console_clock_at(ConsoleClock *clock, uint64_t offset) {
        const ConsoleTime *time;
        struct stat st;

        if (clock->fd < 0)
                return 0;
        /* What the log had when its times were read has none that come later. */
        if (offset >= clock->times[clock->n - 1].offset && offset >= clock->looked_to &&
            fstat(clock->log_fd, &st) >= 0) {
                clock_read(clock);
                clock->looked_to = (uint64_t) st.st_size;
        }
        clock_search(clock, offset);
        time = &clock->times[clock->at];
        if (time->usec > 0 || clock->at + 1 < clock->n || fstat(clock->log_fd, &st) < 0)
                return time->usec;
        /* The keeper has not looked yet. */
        return (uint64_t) st.st_mtim.tv_sec * USEC_PER_SEC + (uint64_t) st.st_mtim.tv_nsec / 1000;
}
