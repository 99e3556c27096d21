/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "proxy/connection.h"
#include "proxy/pump.h"
#include "proxy/server.h"

#define BIG (4 * 1024 * 1024)

/* More than sockets and pipes hold. */
#define TOO_BIG (1024 * 1024 * 1024)

/* Two ends of a connection over loopback: the second is non-blocking, as the proxy's are. */
static void tcp_pair(int ret[2]) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ASSERT_OK(listener);
        ASSERT_OK(bind(listener, (struct sockaddr *) &address, sizeof(address)));
        ASSERT_OK(listen(listener, 1));
        ASSERT_OK(getsockname(listener, (struct sockaddr *) &address, &n));
        ASSERT_OK(ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_OK(connect(ret[0], (struct sockaddr *) &address, sizeof(address)));
        ASSERT_OK(ret[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
        (void) close(listener);
}

/* A client, a service, and what is in between. */
typedef struct Line {
        Pipes pipes;
        Pump pump;
        int from[2], to[2]; /* the outer end, the pump's */
} Line;

static Line line_open(unsigned max_pipes) {
        Line l = {.pipes.max = max_pipes, .pump = PUMP_NULL};

        tcp_pair(l.from);
        tcp_pair(l.to);
        return l;
}

static int line_run(Line *l) {
        int r = pump_run(&l->pump, &l->pipes, l->from[1], l->to[1]);

        /* To go on it waits for the source, which need not say anything else. */
        ASSERT_TRUE(r != PUMP_MORE || l->pump.held == 0);
        return r;
}

static void line_close(Line *l) {
        pump_done(&l->pump, &l->pipes);
        pipes_done(&l->pipes);
        for (size_t i = 0; i < 2; i++) {
                (void) safe_close(l->from[i]);
                (void) safe_close(l->to[i]);
        }
}

static void wait_readable(int fd) {
        ASSERT_EQ(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 10000), 1);
}

static void assert_said(int fd, const char *text) {
        char buffer[64] = {};

        ASSERT_EQ(recv(fd, buffer, sizeof(buffer) - 1, 0), (ssize_t) strlen(text));
        ASSERT_STREQ(buffer, text);
}

/* With pipes, and where there are none. */
static const unsigned pipes[] = {8, 0};

TEST(moves_bytes_and_holds_nothing) {
        for (size_t i = 0; i < ELEMENTSOF(pipes); i++) {
                Line l = line_open(pipes[i]);

                test_set_row("%u pipes", pipes[i]);
                ASSERT_EQ(line_run(&l), PUMP_EMPTY);
                ASSERT_EQ(l.pipes.n_open - l.pipes.n_idle, 0);
                for (unsigned k = 0; k < 3; k++) {
                        ASSERT_EQ(send(l.from[0], "hello", 5, 0), 5);
                        wait_readable(l.from[1]);
                        ASSERT_EQ(line_run(&l), PUMP_EMPTY);
                        assert_said(l.to[0], "hello");
                        ASSERT_EQ(l.pipes.n_open - l.pipes.n_idle, 0);
                        ASSERT_TRUE(l.pump.pipe.read_fd < 0);
                }
                ASSERT_EQ(l.pipes.n_open, pipes[i] > 0 ? 1 : 0);
                line_close(&l);
        }
}

TEST(passes_the_end_after_the_bytes) {
        for (size_t i = 0; i < ELEMENTSOF(pipes); i++) {
                Line l = line_open(pipes[i]);
                char byte;

                test_set_row("%u pipes", pipes[i]);
                ASSERT_EQ(send(l.from[0], "bye", 3, 0), 3);
                ASSERT_OK(shutdown(l.from[0], SHUT_WR));
                wait_readable(l.from[1]);
                ASSERT_EQ(line_run(&l), PUMP_DONE);
                ASSERT_TRUE(l.pump.done);
                assert_said(l.to[0], "bye");
                ASSERT_EQ(recv(l.to[0], &byte, 1, 0), 0);
                /* The other half is open. */
                ASSERT_EQ(send(l.to[0], "thanks", 6, 0), 6);
                assert_said(l.to[1], "thanks");
                ASSERT_EQ(send(l.from[1], "thanks", 6, 0), 6);
                assert_said(l.from[0], "thanks");
                ASSERT_EQ(line_run(&l), PUMP_DONE);
                line_close(&l);
        }
}

/* As much as @n bytes of a pattern, without waiting. */
static size_t send_pattern(int fd, size_t from, size_t n) {
        static unsigned char buffer[65536];
        size_t sent = 0;

        while (sent < n) {
                size_t part = n - sent < sizeof(buffer) ? n - sent : sizeof(buffer);
                ssize_t k;

                for (size_t i = 0; i < part; i++)
                        buffer[i] = (unsigned char) ((from + sent + i) * 31 >> 3);
                k = send(fd, buffer, part, MSG_DONTWAIT);
                if (k < 0)
                        return sent;
                sent += (size_t) k;
        }
        return sent;
}

static size_t receive_pattern(int fd, size_t from, size_t n) {
        static unsigned char buffer[65536];
        size_t received = 0;

        while (received < n) {
                size_t part = n - received < sizeof(buffer) ? n - received : sizeof(buffer);
                ssize_t k = recv(fd, buffer, part, MSG_DONTWAIT);

                if (k <= 0)
                        return received;
                for (ssize_t i = 0; i < k; i++)
                        ASSERT_EQ(buffer[i], (unsigned char) ((from + received + (size_t) i) * 31 >> 3));
                received += (size_t) k;
        }
        return received;
}

/* Each side stops at every possible moment, and not a byte is lost or doubled. */
TEST(slow_reader_holds_up_the_writer) {
        for (size_t i = 0; i < ELEMENTSOF(pipes); i++) {
                Line l = line_open(pipes[i]);
                size_t sent = 0, received = 0, n;
                int r;

                test_set_row("%u pipes", pipes[i]);
                /* Nothing is read: target, pipe and source fill up, and the writer has to wait. */
                do {
                        sent += n = send_pattern(l.from[0], sent, 65536);
                        r = line_run(&l);
                        ASSERT_TRUE(sent < TOO_BIG);
                } while (n > 0 || r != PUMP_FULL);
                ASSERT_TRUE(l.pump.full);
                ASSERT_EQ(l.pump.held > 0, pipes[i] > 0);
                /* Read in pieces of any size, while the rest is written. */
                for (size_t step = 1; received < sent || sent < BIG; step = step * 5 % 70001 + 1) {
                        if (sent < BIG)
                                sent += send_pattern(l.from[0], sent, step);
                        ASSERT_TRUE(line_run(&l) >= 0);
                        received += receive_pattern(l.to[0], received, step);
                }
                ASSERT_EQ(received, sent);
                ASSERT_EQ(line_run(&l), PUMP_EMPTY);
                ASSERT_TRUE(!l.pump.full);
                ASSERT_EQ(l.pipes.n_open - l.pipes.n_idle, 0);
                line_close(&l);
        }
}

/* Of all lengths of a turn: it begins with a byte in the pipe, and there is more than it can move. */
TEST(turn_leaves_nothing_in_the_pipe) {
        Line l = line_open(8);

        ASSERT_TRUE(pipes_take(&l.pipes, &l.pump.pipe));
        /* One piece of memory at a time. */
        ASSERT_OK(fcntl(l.pump.pipe.write_fd, F_SETPIPE_SZ, 4096));
        ASSERT_EQ(write(l.pump.pipe.write_fd, "x", 1), 1);
        l.pump.held = 1;
        for (unsigned i = 0; i < 64; i++) {
                char page[4096] = {};

                ASSERT_EQ(send(l.from[0], page, sizeof(page), 0), (ssize_t) sizeof(page));
        }
        wait_readable(l.from[1]);
        ASSERT_EQ(line_run(&l), PUMP_MORE);
        line_close(&l);
}

/* What is in the pipe cannot be given to another connection. */
TEST(drops_a_pipe_that_is_not_empty) {
        Line l = line_open(8);

        do
                (void) send_pattern(l.from[0], 0, 65536);
        while (line_run(&l) != PUMP_FULL);
        ASSERT_TRUE(l.pump.held > 0);
        ASSERT_EQ(l.pipes.n_open, 1);
        pump_done(&l.pump, &l.pipes);
        ASSERT_EQ(l.pipes.n_open, 0);
        ASSERT_EQ(l.pipes.n_idle, 0);
        line_close(&l);
}

TEST(tells_of_a_reset) {
        for (size_t i = 0; i < ELEMENTSOF(pipes); i++) {
                Line l = line_open(pipes[i]);

                test_set_row("%u pipes", pipes[i]);
                ASSERT_EQ(send(l.from[0], "last", 4, 0), 4);
                wait_readable(l.from[1]);
                ASSERT_EQ(line_run(&l), PUMP_EMPTY);
                connection_reset(TAKE_FD(l.from[0]));
                wait_readable(l.from[1]);
                ASSERT_EQ(line_run(&l), -ECONNRESET);
                assert_said(l.to[0], "last");
                line_close(&l);

                l = line_open(pipes[i]);
                connection_reset(TAKE_FD(l.to[0]));
                wait_readable(l.to[1]);
                ASSERT_EQ(send(l.from[0], "lost", 4, 0), 4);
                wait_readable(l.from[1]);
                (void) signal(SIGPIPE, SIG_IGN);
                ASSERT_TRUE(line_run(&l) < 0);
                line_close(&l);
        }
}

TEST(room_by_the_limit_of_files) {
        ASSERT_EQ(server_room(0, 2), 1);
        ASSERT_EQ(server_room(64, 2), 4);
        ASSERT_TRUE(server_room(20000, 2) > 9900);
        ASSERT_TRUE(server_room(65536, 20) > 20000);
        ASSERT_TRUE(server_room(UINT64_MAX, 2) > 1000000);
}
