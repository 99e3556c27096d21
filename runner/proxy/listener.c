/* SPDX-License-Identifier: MIT */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/process.h"
#include "proxy/connection.h"
#include "proxy/introduce.h"
#include "proxy/listener.h"

static void listener_watch(Listener *l) {
        bool on = !l->paused && !l->dialing && l->retry.usec == 0;

        loop_set(l->loop, &l->watch, on ? EPOLLIN : 0);
}

/* How many connections wait, tcp(7). A Unix socket tells only whether any does: then as many as can, so
 * that those are not taken that come meanwhile, without an end. */
static unsigned listener_queue(const Listener *l) {
        struct pollfd p = {.fd = l->watch.fd, .events = POLLIN};
        struct tcp_info info = {};
        socklen_t n = sizeof(info);

        if (l->target.path)
                return poll(&p, 1, 0) > 0 ? SOMAXCONN : 0;
        return getsockopt(l->watch.fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0 ? 0 : info.tcpi_unacked;
}

static int listener_take(const Listener *l) {
        int fd = accept4(l->watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        return fd < 0 ? -errno : fd;
}

static void listener_set_waits(Listener *l, bool on) {
        if (l->refused == on)
                return;
        l->refused = on;
        l->handlers->waits(on, l->userdata);
}

/* Those that have waited for long enough are the first in the queue. */
static void listener_reset_oldest(Listener *l) {
        for (; l->n_oldest > 0; l->n_oldest--) {
                int fd = listener_take(l);

                if (fd < 0)
                        return;
                connection_reset(fd);
        }
}

/* The first in the queue, for which the service was asked. */
static void listener_refuse(const Listener *l) {
        int fd = listener_take(l);

        if (fd >= 0)
                connection_reset(fd);
        else if (!dial_is_refused(fd))
                l->handlers->no_room(l->userdata);
}

static void listener_on_refused(Listener *l) {
        uint64_t now = now_usec();

        if (l->target.impatient) {
                listener_refuse(l);
                return;
        }

        if (!l->refused) {
                l->pause_usec = TARGET_RETRY_FIRST_USEC;
                l->since_usec = now;
                l->n_oldest = listener_queue(l);
        } else if (now - l->since_usec >= LISTENER_PATIENCE_USEC) {
                listener_reset_oldest(l);
                l->since_usec = now;
                l->n_oldest = listener_queue(l);
        }
        listener_set_waits(l, true);
        loop_set_timer(l->loop, &l->retry, l->pause_usec);
        if (l->pause_usec < TARGET_RETRY_LAST_USEC)
                l->pause_usec *= 2;
        listener_watch(l);
}

static void listener_on_time(Timer *t) {
        Listener *l = CONTAINER_OF(t, Listener, retry);

        /* None waits any more. */
        if (l->refused && listener_queue(l) == 0)
                listener_set_waits(l, false);
        listener_watch(l);
}

static void listener_on_service(Listener *l, int service_fd) {
        int client_fd = listener_take(l);

        listener_set_waits(l, false);
        if (client_fd >= 0 && l->target.proxy_protocol && introduce(client_fd, service_fd) < 0) {
                connection_reset(client_fd);
                connection_reset(service_fd);
                return;
        }
        if (client_fd >= 0) {
                l->handlers->connected(client_fd, service_fd, l->userdata);
                return;
        }
        connection_reset(service_fd);
        if (!dial_is_refused(client_fd))
                l->handlers->no_room(l->userdata);
}

static void listener_on_result(Listener *l, int r) {
        if (r >= 0)
                listener_on_service(l, r);
        else if (dial_is_refused(r))
                listener_on_refused(l);
        else
                l->handlers->no_room(l->userdata);
}

static void listener_on_dialed(Dial *d, int fd) {
        Listener *l = CONTAINER_OF(d, Listener, dial);

        l->dialing = false;
        listener_watch(l);
        listener_on_result(l, fd);
}

/* Those that wait for a service have been reset with it. */
static void listener_end(Listener *l) {
        if (l->dialing)
                dial_stop(&l->dial);
        loop_clear_timer(l->loop, &l->retry);
        listener_set_waits(l, false);
        loop_remove(l->loop, &l->watch);
        l->watch.fd = safe_close(l->watch.fd);
        l->handlers->ended(l->userdata);
}

static void listener_on_ready(Watch *w, uint32_t events) {
        Listener *l = CONTAINER_OF(w, Listener, watch);
        int r;

        /* Told whatever is asked for. */
        if (events & EPOLLHUP) {
                listener_end(l);
                return;
        }
        r = dial_start(&l->dial);

        if (r != -EINPROGRESS) {
                listener_on_result(l, r);
                return;
        }
        l->dialing = true;
        listener_watch(l);
}

int listener_open(Listener *l, Loop *loop, int fd, const Target *target, const ListenerHandlers *handlers,
                  void *userdata, Error *reterr) {
        int r;

        *l = (Listener){
                .watch = {listener_on_ready, fd},
                .loop = loop,
                .target = *target,
                .handlers = handlers,
                .userdata = userdata,
                .retry.on_time = listener_on_time,
        };
        dial_init(&l->dial, loop, &l->target, listener_on_dialed);
        r = loop_add(loop, &l->watch, EPOLLIN);
        return r < 0 ? error_set(reterr, r, "watch a port") : 0;
}

void listener_pause(Listener *l, bool on) {
        l->paused = on;
        if (l->watch.fd >= 0)
                listener_watch(l);
}
