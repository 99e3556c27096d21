/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "keeper/supervisor-console.h"
#include "record/console-log.h"
#include "record/console-times.h"

#define CONSOLE_BLOCK_SIZE (64 * 1024)

struct Console {
        const SupervisorOptions *options;
        sd_event_source *io;
        int read_fd;
        int write_fd;
        uint64_t size;       /* of the log */
        int times_fd;        /* -EBADF: lines have no times */
        uint64_t noted_usec; /* of the last line whose time was noted */
        uint64_t noted_size; /* of the log then */
        uint64_t times;      /* noted in this file by us */
};

/* As the owner of the directory, too. Without it the log goes on. */
static void open_times(Console *c) {
        uint64_t end;

        c->times_fd = safe_close(c->times_fd);
        c->noted_usec = c->noted_size = c->times = 0;
        if (fs_enter_owner(c->options->state_fd) < 0)
                return;
        c->times_fd = console_times_open(c->options->state_fd, c->options->console_fd, &end);
        fs_leave_owner();
}

/* Before the lines are there: a reader that sees them finds their time. The log says itself where it ends,
 * since our own messages and those of helpers go there, too. */
static void note_time(Console *c) {
        uint64_t now = realtime_usec();
        struct stat st;

        if (c->times_fd < 0 || (now >= c->noted_usec && now - c->noted_usec < CONSOLE_TIMES_USEC) ||
            fstat(c->options->console_fd, &st) < 0)
                return;
        /* The developer has emptied it. */
        if ((uint64_t) st.st_size < c->noted_size)
                open_times(c);
        c->size = c->noted_size = (uint64_t) st.st_size;
        c->noted_usec = now;
        c->times++;
        console_times_note(c->times_fd, c->size, now);
}

static void write_log(Console *c, const char *data, size_t size) {
        if (size > 0)
                note_time(c);
        c->size += size;
        while (size > 0) {
                ssize_t n = write(c->options->console_fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return;
                data += n;
                size -= (size_t) n;
        }
}

/* Opened as the owner of the directory, who may have put another file in its place by now: it must not be
 * written to. */
static int make_log(int state_fd) {
        int fd = -EBADF;

        if (fs_enter_owner(state_fd) < 0)
                return -EIO;
        if (console_log_rotate(state_fd, NULL) >= 0) {
                console_times_rotate(state_fd);
                fd = console_log_make(state_fd, NULL);
        }
        fs_leave_owner();
        return fd;
}

/* All copies of the fd, our own standard error among them, must lead to the new file. */
static int begin_log(const SupervisorOptions *o) {
        _cleanup_close_ int fd = make_log(o->state_fd);

        if (fd < 0)
                return -1;
        return dup3(fd, o->console_fd, O_CLOEXEC) < 0 || dup2(fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static void rotate(Console *c) {
        /* Better a hole in the log than a full disk. */
        if (begin_log(c->options) < 0 && ftruncate(c->options->console_fd, 0) < 0)
                return;
        c->size = 0;
        open_times(c);
}

/* Whole lines stay together, unless they are longer than a block. */
static void append(Console *c, const char *data, size_t size) {
        const char *newline;
        size_t head;

        if (c->size + size <= CONSOLE_LOG_MAX && c->times < CONSOLE_TIMES_MAX) {
                write_log(c, data, size);
                return;
        }
        newline = memrchr(data, '\n', size);
        if (!newline && c->size <= CONSOLE_LOG_MAX) {
                write_log(c, data, size);
                return;
        }
        head = newline ? (size_t) (newline + 1 - data) : 0;
        write_log(c, data, head);
        rotate(c);
        write_log(c, data + head, size - head);
}

/* Return: whether there was anything. */
static bool pump(Console *c) {
        char block[CONSOLE_BLOCK_SIZE];
        ssize_t n = read(c->read_fd, block, sizeof(block));

        if (n <= 0)
                return n < 0 && errno == EINTR;
        append(c, block, (size_t) n);
        return true;
}

static int console_on_output(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        (void) pump(userdata);
        return 0;
}

int console_new(sd_event *event, const SupervisorOptions *o, Console **ret, Error *reterr) {
        _cleanup_(console_freep) Console *c = xmalloc0(sizeof(*c));
        struct stat st;
        int fds[2], r;

        *c = (Console){.options = o, .read_fd = -EBADF, .write_fd = -EBADF, .times_fd = -EBADF};
        if (fstat(o->console_fd, &st) < 0 || pipe2(fds, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make the console's pipe");
        c->size = (uint64_t) st.st_size;
        open_times(c);
        c->read_fd = fds[0];
        c->write_fd = fds[1];
        /* Programs open /dev/stdout again, as the container's root, which has no rights on the host's
         * files. */
        if (fcntl(c->read_fd, F_SETFL, O_NONBLOCK) < 0 || fchmod(c->write_fd, 0622) < 0)
                return error_set(reterr, errno, "set the console's pipe up");
        r = sd_event_add_io(event, &c->io, c->read_fd, EPOLLIN, console_on_output, c);
        if (r < 0)
                return error_set(reterr, r, "watch the console's pipe");
        *ret = TAKE_PTR(c);
        return 0;
}

Console *console_free(Console *c) {
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->io);
        (void) safe_close(c->read_fd);
        (void) safe_close(c->write_fd);
        (void) safe_close(c->times_fd);
        free(c);
        return NULL;
}

int console_input(const Console *c) {
        return c->write_fd;
}

void console_drain(Console *c) {
        while (pump(c))
                ;
}
