/* SPDX-License-Identifier: MIT */

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "proxy/dial.h"

/* How long one address is waited for before the next is tried as well. Loopback answers at once, unless
 * something drops packets or the service's queue is full. */
#define NEXT_USEC (250 * USEC_PER_MSEC)

bool dial_is_refused(int error) {
        switch (-error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case ENOSPC: /* no more descriptors are watched for this user */
                return false;
        default:
                return true;
        }
}

/* Of a socket whose connecting has ended. Return: 0 or a negative errno. */
static int dial_result(int fd) {
        int error = 0;
        socklen_t n = sizeof(error);

        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
                return -errno;
        return error == 0 && target_is_own(fd) ? -ECONNREFUSED : -error;
}

/* Return: connected, -EINPROGRESS, or another negative errno. */
static int dial_connect(int fd, const TargetAddress *address, socklen_t length) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        const int one = 1;

        /* What is written goes on at once, as it would without us in between. */
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connect(fd, &address->any, length) < 0 && errno != EINPROGRESS)
                return -errno;
        /* On loopback it has ended by now. */
        return poll(&p, 1, 0) > 0 ? dial_result(fd) : -EINPROGRESS;
}

/* The attempt of this number. Return: a connected socket, -EINPROGRESS, or another negative errno. */
static int dial_try(Dial *d, unsigned number) {
        _cleanup_close_ int fd = -EBADF;
        TargetAddress address;
        socklen_t length = target_address(d->target, number, &address);
        int r;

        if (length == 0)
                return d->error;
        fd = target_socket(&address, SOCK_STREAM);
        if (fd < 0)
                return fd;
        r = dial_connect(fd, &address, length);
        if (r >= 0)
                return TAKE_FD(fd);
        if (r != -EINPROGRESS)
                return r;
        d->attempts[number].watch.fd = fd;
        r = loop_add(d->loop, &d->attempts[number].watch, EPOLLOUT);
        if (r < 0) {
                d->attempts[number].watch.fd = -EBADF;
                return r;
        }
        (void) TAKE_FD(fd);
        return -EINPROGRESS;
}

static bool dial_waits(const Dial *d) {
        for (unsigned i = 0; i < TARGET_ADDRESSES; i++)
                if (d->attempts[i].watch.fd >= 0)
                        return true;
        return false;
}

/* Goes on with the next addresses until one has answered or has to be waited for. */
static int dial_advance(Dial *d) {
        while (d->n_begun < TARGET_ADDRESSES) {
                int r = dial_try(d, d->n_begun++);

                if (r == -EINPROGRESS)
                        loop_set_timer(d->loop, &d->next, NEXT_USEC);
                if (r >= 0 || r == -EINPROGRESS)
                        return r;
                d->error = r;
                if (!dial_is_refused(r))
                        break;
        }
        return dial_waits(d) ? -EINPROGRESS : d->error;
}

static void dial_end(Dial *d, int r) {
        if (r == -EINPROGRESS)
                return;
        dial_stop(d);
        d->on_end(d, r);
}

static void dial_on_ready(Watch *w, uint32_t events) {
        Attempt *a = CONTAINER_OF(w, Attempt, watch);
        Dial *d = a->dial;
        int r = dial_result(w->fd);

        loop_remove(d->loop, w);
        if (r >= 0) {
                dial_end(d, TAKE_FD(w->fd));
                return;
        }
        w->fd = safe_close(w->fd);
        d->error = r;
        dial_end(d, dial_advance(d));
}

static void dial_on_next(Timer *t) {
        Dial *d = CONTAINER_OF(t, Dial, next);

        dial_end(d, dial_advance(d));
}

void dial_init(Dial *d, Loop *loop, const Target *target, void (*on_end)(Dial *d, int fd)) {
        *d = (Dial){.loop = loop, .target = target, .on_end = on_end, .next.on_time = dial_on_next};
        for (unsigned i = 0; i < TARGET_ADDRESSES; i++)
                d->attempts[i] = (Attempt){{dial_on_ready, -EBADF}, d};
}

int dial_start(Dial *d) {
        int r;

        d->n_begun = 0;
        r = dial_advance(d);
        if (r != -EINPROGRESS)
                dial_stop(d);
        return r;
}

void dial_stop(Dial *d) {
        loop_clear_timer(d->loop, &d->next);
        for (unsigned i = 0; i < TARGET_ADDRESSES; i++) {
                Watch *w = &d->attempts[i].watch;

                if (w->fd < 0)
                        continue;
                loop_remove(d->loop, w);
                w->fd = safe_close(w->fd);
        }
}
