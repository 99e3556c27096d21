/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "enter/stream.h"
#include "test.h"

enum { BIG = 3 * 1000 * 1000 };

typedef struct Outcome {
        sd_event *event;
        unsigned calls;
        StreamEnd end;
} Outcome;

static void on_done(Stream *stream, StreamEnd end, void *userdata) {
        Outcome *o = userdata;

        o->calls++;
        o->end = end;
        (void) sd_event_exit(o->event, 0);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        return sd_event_exit(userdata, -ETIMEDOUT);
}

/* Return: of sd_event_loop(); -ETIMEDOUT when nothing ended it within `usec`. */
static int loop(sd_event *event, uint64_t usec) {
        sd_event_source *timer;
        int r;

        ASSERT_OK(
                sd_event_add_time_relative(event, &timer, CLOCK_MONOTONIC, usec, 1000, on_deadline, event));
        r = sd_event_loop(event);
        (void) sd_event_source_disable_unref(timer);
        return r;
}

/* A loop and a stream in it that ends it. Until it has ended, the test process ignores SIGPIPE as a session
 * does. */
static Stream *start(StreamConfig config, Outcome *o) {
        Stream *stream = NULL;

        (void) signal(SIGPIPE, SIG_IGN);
        ASSERT_OK(sd_event_new(&o->event));
        config.name = "test";
        config.done = on_done;
        config.userdata = o;
        ASSERT_OK(stream_new(o->event, &config, &stream, NULL));
        return stream;
}

static void finish(Stream *stream, Outcome *o) {
        (void) stream_free(stream);
        (void) sd_event_unref(o->event);
}

static void make_pipe(int fds[2]) {
        ASSERT_OK(pipe2(fds, O_CLOEXEC));
}

/* In a child: what it holds of the other pipes would keep these from ending. */
static int keep_only(int fd) {
        int kept = dup2(fd, STDERR_FILENO + 1);

        (void) close_range((unsigned) kept + 1, ~0U, 0);
        return kept;
}

/* A child that writes BIG bytes of a pattern and ends; or one that reads all, slowly at first, and ends with
 * 0 when the pattern was right. */
static pid_t start_writer(int fd) {
        pid_t pid = fork();

        if (pid == 0) {
                static char text[BIG];
                size_t n = 0;

                fd = keep_only(fd);
                for (size_t i = 0; i < BIG; i++)
                        text[i] = (char) (i % 251);
                while (n < BIG) {
                        ssize_t k = write(fd, text + n, BIG - n);

                        if (k < 0)
                                _exit(1);
                        n += (size_t) k;
                }
                _exit(0);
        }
        ASSERT_TRUE(pid > 0);
        (void) close(fd);
        return pid;
}

static pid_t start_reader(int fd) {
        pid_t pid = fork();

        if (pid == 0) {
                char text[8192];
                size_t total = 0;
                ssize_t n;

                fd = keep_only(fd);
                (void) poll(NULL, 0, 100); /* let everything fill up */
                while ((n = read(fd, text, sizeof(text))) > 0)
                        for (ssize_t i = 0; i < n; i++, total++)
                                if (text[i] != (char) (total % 251))
                                        _exit(2);
                _exit(total == BIG ? 0 : 3);
        }
        ASSERT_TRUE(pid > 0);
        (void) close(fd);
        return pid;
}

static int wait_for(pid_t pid) {
        int status = 0;

        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        return status;
}

/* Every kind of descriptor on both sides; everything arrives, in order, at a reader that is slow to
 * begin. */
TEST(copies_all_to_a_slow_reader) {
        static const struct {
                const char *name;
                bool from_socket, to_socket, nonblocking;
        } table[] = {
                {"pipes", false, false, false},          {"non-blocking pipes", false, false, true},
                {"socket to pipe", true, false, true},   {"pipe to socket", false, true, true},
                {"blocking sockets", true, true, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int from[2], to[2];
                Outcome o = {0};
                pid_t writer, reader;
                Stream *stream;

                test_set_row("%s", table[i].name);
                make_pipe(from);
                make_pipe(to);
                if (table[i].from_socket) {
                        (void) close(from[0]);
                        (void) close(from[1]);
                        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, from));
                }
                if (table[i].to_socket) {
                        (void) close(to[0]);
                        (void) close(to[1]);
                        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to));
                }
                reader = start_reader(to[0]);
                writer = start_writer(from[1]);
                if (table[i].nonblocking) {
                        ASSERT_OK(fcntl(from[0], F_SETFL, O_NONBLOCK));
                        ASSERT_OK(fcntl(to[1], F_SETFL, O_NONBLOCK));
                }

                stream = start((StreamConfig){.from = from[0], .to = to[1]}, &o);
                ASSERT_OK(loop(o.event, 20 * USEC_PER_SEC));
                ASSERT_EQ(o.calls, 1u);
                ASSERT_EQ(o.end, STREAM_END_OF_INPUT);
                ASSERT_TRUE(stream_is_done(stream));
                ASSERT_EQ(wait_for(writer), 0);
                ASSERT_EQ(wait_for(reader), 0);
                finish(stream, &o);
        }
}

/* A full pipe that blocks must not block the loop. */
TEST(does_not_block_on_a_full_pipe) {
        int from[2], to[2];
        Outcome o = {0};
        Stream *stream;
        pid_t writer;

        make_pipe(from);
        make_pipe(to);
        writer = start_writer(from[1]);
        stream = start((StreamConfig){.from = from[0], .to = to[1]}, &o);
        ASSERT_EQ(loop(o.event, 200 * USEC_PER_MSEC), -ETIMEDOUT);
        ASSERT_EQ(o.calls, 0u);
        finish(stream, &o);
        (void) close(to[0]);
        ASSERT_TRUE(wait_for(writer) != 0); /* its reader is gone: SIGPIPE, or EPIPE */
}

TEST(a_reader_that_goes_ends_the_writer) {
        int from[2], to[2];
        Outcome o = {0};
        Stream *stream;
        pid_t writer;

        make_pipe(from);
        make_pipe(to);
        (void) close(to[0]);
        writer = start_writer(from[1]);
        stream = start((StreamConfig){.from = from[0], .to = to[1]}, &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(o.end, STREAM_OUTPUT_GONE);
        ASSERT_EQ(stream_write_error(stream), 0);
        ASSERT_TRUE(wait_for(writer) != 0);
        finish(stream, &o);
}

/* It is noticed without anything to write, too. */
TEST(a_reader_that_goes_is_noticed_in_silence) {
        int from[2], to[2];
        Outcome o = {0};
        Stream *stream;

        make_pipe(from);
        make_pipe(to);
        stream = start((StreamConfig){.from = from[0], .to = to[1]}, &o);
        (void) close(to[0]);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(o.end, STREAM_OUTPUT_GONE);
        (void) close(from[1]);
        finish(stream, &o);
}

TEST(files_and_devices) {
        char name[] = "/tmp/test-stream-XXXXXX";
        _cleanup_close_ int file = mkstemp(name);
        char text[16];
        int pipe_fd[2];
        Outcome o = {0};
        Stream *stream;

        ASSERT_TRUE(file >= 0);
        ASSERT_EQ(write(file, "hello\n", 6), 6);

        /* From a file, beginning where its position is. */
        ASSERT_EQ(lseek(file, 1, SEEK_SET), 1);
        make_pipe(pipe_fd);
        stream = start((StreamConfig){.from = fcntl(file, F_DUPFD_CLOEXEC, 3), .to = pipe_fd[1]}, &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(read(pipe_fd[0], text, sizeof(text)), 5);
        ASSERT_TRUE(memcmp(text, "ello\n", 5) == 0);
        finish(stream, &o);
        (void) close(pipe_fd[0]);

        /* To a file, where its position is now. */
        make_pipe(pipe_fd);
        ASSERT_EQ(write(pipe_fd[1], "x\n", 2), 2);
        (void) close(pipe_fd[1]);
        o = (Outcome){0};
        stream = start((StreamConfig){.from = pipe_fd[0], .to = fcntl(file, F_DUPFD_CLOEXEC, 3)}, &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        finish(stream, &o);
        ASSERT_EQ(pread(file, text, sizeof(text), 0), 8);
        ASSERT_TRUE(memcmp(text, "hello\nx\n", 8) == 0);

        /* No input at all, and a device that is full. */
        make_pipe(pipe_fd);
        o = (Outcome){0};
        stream =
                start((StreamConfig){.from = open("/dev/null", O_RDONLY | O_CLOEXEC), .to = pipe_fd[1]}, &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(o.end, STREAM_END_OF_INPUT);
        finish(stream, &o);
        ASSERT_EQ(read(pipe_fd[0], text, sizeof(text)), 0);
        (void) close(pipe_fd[0]);

        make_pipe(pipe_fd);
        ASSERT_EQ(write(pipe_fd[1], "x", 1), 1);
        (void) close(pipe_fd[1]);
        o = (Outcome){0};
        stream =
                start((StreamConfig){.from = pipe_fd[0], .to = open("/dev/full", O_WRONLY | O_CLOEXEC)}, &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(o.end, STREAM_OUTPUT_GONE);
        ASSERT_EQ(stream_write_error(stream), ENOSPC);
        finish(stream, &o);
        (void) unlink(name);
}

/* The program has ended, but something that it left behind holds the pipe open. */
TEST(drain_does_not_wait_for_the_end) {
        int from[2], to[2];
        Outcome o = {0};
        char text[16];
        Stream *stream;

        make_pipe(from);
        make_pipe(to);
        ASSERT_OK(fcntl(from[0], F_SETFL, O_NONBLOCK));
        stream = start((StreamConfig){.from = from[0], .to = to[1]}, &o);
        ASSERT_EQ(write(from[1], "rest", 4), 4);
        stream_drain(stream);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(o.end, STREAM_END_OF_INPUT);
        ASSERT_EQ(read(to[0], text, sizeof(text)), 4);
        ASSERT_EQ(read(to[0], text, sizeof(text)), 0); /* closed */
        stream_drain(stream);
        ASSERT_EQ(o.calls, 1u);
        finish(stream, &o);
        (void) close(from[1]);
        (void) close(to[0]);
}

/* More than the reader takes at once is still delivered. */
TEST(drain_waits_for_the_reader) {
        static char block[200 * 1000];
        int from[2], to[2];
        Outcome o = {0};
        Stream *stream;
        pid_t reader;
        size_t n = 0;

        make_pipe(from);
        make_pipe(to);
        ASSERT_TRUE(fcntl(from[0], F_SETPIPE_SZ, 1024 * 1024) >= (int) sizeof(block));
        ASSERT_OK(fcntl(from[0], F_SETFL, O_NONBLOCK));
        ASSERT_EQ(write(from[1], block, sizeof(block)), (ssize_t) sizeof(block));
        reader = fork();
        if (reader == 0) {
                char text[4096];
                ssize_t k;

                to[0] = keep_only(to[0]);
                (void) poll(NULL, 0, 100);
                while ((k = read(to[0], text, sizeof(text))) > 0)
                        n += (size_t) k;
                _exit(n == sizeof(block) ? 0 : 1);
        }
        (void) close(to[0]);
        stream = start((StreamConfig){.from = from[0], .to = to[1]}, &o);
        stream_drain(stream);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(o.end, STREAM_END_OF_INPUT);
        ASSERT_EQ(wait_for(reader), 0);
        finish(stream, &o);
        (void) close(from[1]);
}

static bool until_q(const char *data, size_t n, void *userdata) {
        return memchr(data, 'q', n) == NULL;
}

TEST(last_words_and_the_observer) {
        int from[2], to[2];
        Outcome o = {0};
        char text[16];
        Stream *stream;

        make_pipe(from);
        make_pipe(to);
        ASSERT_EQ(write(from[1], "ab", 2), 2);
        (void) close(from[1]);
        stream = start((StreamConfig){.from = from[0], .to = to[1], .at_end = "\004"}, &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(read(to[0], text, sizeof(text)), 3);
        ASSERT_TRUE(memcmp(text, "ab\004", 3) == 0);
        finish(stream, &o);
        (void) close(to[0]);

        make_pipe(from);
        make_pipe(to);
        ASSERT_EQ(write(from[1], "abq", 3), 3);
        o = (Outcome){0};
        stream = start((StreamConfig){.from = from[0], .to = to[1], .at_end = "\004", .observe = until_q},
                       &o);
        ASSERT_OK(loop(o.event, 5 * USEC_PER_SEC));
        ASSERT_EQ(read(to[0], text, sizeof(text)), 0);
        finish(stream, &o);
        (void) close(from[1]);
        (void) close(to[0]);
}

/* What we share with our parent stays as it was: the mode of an open file belongs to all who have it. */
TEST(own_streams_are_opened_anew) {
        int pipe_fd[2], saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), own;
        int sockets[2];

        make_pipe(pipe_fd);
        ASSERT_TRUE(dup2(pipe_fd[1], STDOUT_FILENO) >= 0);
        own = stream_open_own(STDOUT_FILENO, O_WRONLY, NULL);
        ASSERT_TRUE(own > STDERR_FILENO);
        ASSERT_TRUE(fcntl(own, F_GETFL) & O_NONBLOCK);
        ASSERT_TRUE(!(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK));
        (void) close(own);
        (void) close(pipe_fd[0]);
        (void) close(pipe_fd[1]);

        ASSERT_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
        ASSERT_TRUE(dup2(sockets[0], STDOUT_FILENO) >= 0);
        own = stream_open_own(STDOUT_FILENO, O_WRONLY, NULL);
        ASSERT_TRUE(own > STDERR_FILENO);
        ASSERT_TRUE(!(fcntl(own, F_GETFL) & O_NONBLOCK));
        (void) close(own);
        (void) close(sockets[0]);
        (void) close(sockets[1]);
        ASSERT_TRUE(dup2(saved, STDOUT_FILENO) >= 0);
        (void) close(saved);
}
