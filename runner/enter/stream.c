/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "enter/stream.h"

enum { BUFFER_SIZE = 64 * 1024 };

struct Stream {
        StreamConfig config;
        sd_event_source *from_source, *to_source; /* to_source is NULL for files, which are always ready */
        bool from_is_socket, to_is_socket, to_may_block;
        bool ended; /* nothing more is read */
        bool draining, done;
        int write_error;
        size_t begin, end; /* what of the buffer is still to be written */
        char buffer[BUFFER_SIZE];
};

static void stream_close(Stream *s) {
        s->from_source = sd_event_source_disable_unref(s->from_source);
        s->to_source = sd_event_source_disable_unref(s->to_source);
        s->config.from = safe_close(s->config.from);
        s->config.to = safe_close(s->config.to);
}

Stream *stream_free(Stream *s) {
        if (!s)
                return NULL;
        stream_close(s);
        free(s);
        return NULL;
}

bool stream_is_done(const Stream *s) {
        return s->done;
}

int stream_write_error(const Stream *s) {
        return s->write_error;
}

static void stream_finish(Stream *s, StreamEnd end) {
        if (s->done)
                return;
        s->done = true;
        stream_close(s);
        if (s->config.done)
                s->config.done(s, end, s->config.userdata);
}

static void stream_end_input(Stream *s) {
        if (s->ended)
                return;
        s->ended = true;
        if (s->config.at_end) {
                s->begin = 0;
                s->end = strlen(s->config.at_end);
                memcpy(s->buffer, s->config.at_end, s->end);
        }
}

/* Only with an empty buffer. Return: whether something was read. */
static bool stream_fill(Stream *s) {
        ssize_t n;

        do
                n = s->from_is_socket ? recv(s->config.from, s->buffer, BUFFER_SIZE, MSG_DONTWAIT)
                                      : read(s->config.from, s->buffer, BUFFER_SIZE);
        while (n < 0 && errno == EINTR);

        if (n < 0 && errno == EAGAIN && !s->draining)
                return false;
        /* EIO is how a terminal says that the other side is closed; no other error gets better by waiting,
         * either. */
        if (n <= 0) {
                stream_end_input(s);
                return false;
        }
        s->begin = 0;
        s->end = (size_t) n;
        if (s->config.observe && !s->config.observe(s->buffer, s->end, s->config.userdata)) {
                s->end = 0;
                s->ended = true;
        }
        return s->end > 0;
}

/* Return: false when `to` takes no more now, or never again (then the stream has finished). */
static bool stream_flush(Stream *s, bool ready) {
        while (s->begin < s->end) {
                size_t left = s->end - s->begin;
                ssize_t n;

                /* A blocking pipe or terminal that is ready takes this much without blocking (pipe(7)), but
                 * only this once. */
                if (s->to_may_block) {
                        if (!ready)
                                return false;
                        ready = false;
                        left = left < PIPE_BUF ? left : PIPE_BUF;
                }
                n = s->to_is_socket
                            ? send(s->config.to, s->buffer + s->begin, left, MSG_DONTWAIT | MSG_NOSIGNAL)
                            : write(s->config.to, s->buffer + s->begin, left);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN && s->to_source)
                        return false;
                if (n < 0) {
                        s->write_error = errno == EPIPE || errno == ECONNRESET ? 0 : errno;
                        stream_finish(s, STREAM_OUTPUT_GONE);
                        return false;
                }
                s->begin += (size_t) n;
        }
        return true;
}

/* Waits for what is missing now: room when there is something to write, else something to read. */
static void stream_arm(Stream *s) {
        bool pending = s->begin < s->end;

        if (s->done)
                return;
        if (s->ended && !pending) {
                stream_finish(s, STREAM_END_OF_INPUT);
                return;
        }
        (void) sd_event_source_set_enabled(s->from_source, s->ended || pending ? SD_EVENT_OFF : SD_EVENT_ON);
        /* Without EPOLLOUT it still tells when the reader is gone. */
        if (s->to_source)
                (void) sd_event_source_set_io_events(s->to_source, pending ? EPOLLOUT : 0);
}

/* Reads once, so that one busy stream leaves the others their turn; while draining everything. */
static void stream_work(Stream *s, bool to_ready) {
        do {
                if (!stream_flush(s, to_ready) || s->ended)
                        break;
                if (!stream_fill(s) && !s->draining)
                        break;
                to_ready = false;
        } while (s->draining);
        if (!s->done && !s->draining)
                (void) stream_flush(s, false);
        stream_arm(s);
}

static int on_from(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        stream_work(userdata, false);
        return 0;
}

static int on_from_file(sd_event_source *source, void *userdata) {
        stream_work(userdata, false);
        return 0;
}

static int on_to(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Stream *s = userdata;

        if (s->begin < s->end) {
                if (stream_flush(s, true) && s->draining)
                        stream_work(s, false);
                else
                        stream_arm(s);
        } else if (events & (EPOLLERR | EPOLLHUP))
                stream_finish(s, STREAM_OUTPUT_GONE);
        return 0;
}

void stream_drain(Stream *s) {
        if (s->done)
                return;
        s->draining = true;
        if (s->begin == s->end)
                stream_work(s, false);
}

static bool is_socket(int fd) {
        struct stat st;

        return fstat(fd, &st) >= 0 && S_ISSOCK(st.st_mode);
}

int stream_new(sd_event *event, const StreamConfig *config, Stream **ret, Error *reterr) {
        _cleanup_(stream_freep) Stream *s = xmalloc0(sizeof(Stream));
        int r;

        s->config = *config;
        s->from_is_socket = is_socket(config->from);
        s->to_is_socket = is_socket(config->to);

        /* epoll refuses files, which are always ready (EPERM). */
        r = sd_event_add_io(event, &s->from_source, config->from, EPOLLIN, on_from, s);
        if (r == -EPERM)
                r = sd_event_add_defer(event, &s->from_source, on_from_file, s);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->from_source, SD_EVENT_ON);
        if (r < 0)
                return error_set(reterr, r, "watch the input of '%s'", config->name);

        r = sd_event_add_io(event, &s->to_source, config->to, 0, on_to, s);
        if (r < 0 && r != -EPERM)
                return error_set(reterr, r, "watch the output of '%s'", config->name);
        s->to_may_block = r >= 0 && !s->to_is_socket && !(fcntl(config->to, F_GETFL) & O_NONBLOCK);

        (void) sd_event_source_set_description(s->from_source, config->name);
        if (s->to_source)
                (void) sd_event_source_set_description(s->to_source, config->name);
        *ret = TAKE_PTR(s);
        return 0;
}

int stream_open_own(int fd, int flags, Error *reterr) {
        char proc[FS_PROC_FD_MAX];
        struct stat st;
        int own = -EBADF;

        if (fstat(fd, &st) < 0)
                own = open("/dev/null", flags | O_CLOEXEC);
        else {
                if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
                        own = open(fs_proc_fd(proc, fd), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
                /* Sockets cannot be opened again, files must not (the position is shared for good reason),
                 * and others not always; a stream copes with all of them. */
                if (own < 0)
                        own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        }
        return own < 0 ? error_set(reterr, errno, "open standard stream %d", fd) : own;
}
