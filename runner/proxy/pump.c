/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/socket.h>

#include "proxy/pump.h"

/* So many times bytes are moved, in or out, before others have their turn. */
#define PUMP_ROUNDS 16

#define COPY_SIZE (64 * 1024)

/* Return: how many bytes, 0 the source has ended, or a negative errno. */
static ssize_t pump_splice(int from_fd, int to_fd, size_t size) {
        ssize_t n;

        do
                n = splice(from_fd, NULL, to_fd, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static PumpState pump_end(Pump *p, int to_fd) {
        p->ended = p->done = true;
        /* It fails where the target is gone, which that tells itself. */
        (void) shutdown(to_fd, SHUT_WR);
        return PUMP_DONE;
}

/* From the pipe, which is not empty. */
static int pump_flush(Pump *p, int to_fd) {
        ssize_t n = pump_splice(p->pipe.read_fd, to_fd, p->held);

        if (n == -EAGAIN) {
                p->full = true;
                return PUMP_FULL;
        }
        if (n < 0)
                return (int) n;
        p->held -= (uint32_t) n;
        return PUMP_MORE;
}

/* Through the pipe, which is empty. */
static int pump_fill(Pump *p, int from_fd, int to_fd) {
        ssize_t n = pump_splice(from_fd, p->pipe.write_fd, PIPE_SIZE);

        if (n == -EAGAIN)
                return PUMP_EMPTY;
        if (n < 0)
                return (int) n;
        if (n == 0)
                return pump_end(p, to_fd);
        p->held = (uint32_t) n;
        return PUMP_MORE;
}

static int pump_copy(Pump *p, int from_fd, int to_fd) {
        static char buffer[COPY_SIZE];
        ssize_t n = recv(from_fd, buffer, sizeof(buffer), MSG_PEEK | MSG_DONTWAIT), sent;

        if (n < 0)
                return errno == EAGAIN ? PUMP_EMPTY : -errno;
        if (n == 0)
                return pump_end(p, to_fd);
        sent = send(to_fd, buffer, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
                return -errno;
        if (sent <= 0) {
                p->full = true;
                return PUMP_FULL;
        }
        /* They are there, and only this process reads them. */
        return recv(from_fd, buffer, (size_t) sent, MSG_DONTWAIT) == sent ? PUMP_MORE : -EIO;
}

static int pump_step(Pump *p, Pipes *pipes, int from_fd, int to_fd) {
        if (p->held > 0)
                return pump_flush(p, to_fd);
        if (p->pipe.read_fd >= 0 || pipes_take(pipes, &p->pipe))
                return pump_fill(p, from_fd, to_fd);
        return pump_copy(p, from_fd, to_fd);
}

int pump_run(Pump *p, Pipes *pipes, int from_fd, int to_fd) {
        int r = p->done ? PUMP_DONE : PUMP_MORE;

        p->full = false;
        /* Its turn does not end with bytes in the pipe: there may be no event of the source any more. */
        for (unsigned i = 0; r == PUMP_MORE && (i < PUMP_ROUNDS || p->held > 0); i++)
                r = pump_step(p, pipes, from_fd, to_fd);
        if (p->held == 0)
                pipes_give(pipes, &p->pipe, /* empty= */ true);
        return r;
}

void pump_done(Pump *p, Pipes *pipes) {
        pipes_give(pipes, &p->pipe, /* empty= */ p->held == 0);
        *p = PUMP_NULL;
}
