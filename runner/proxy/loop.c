/* SPDX-License-Identifier: MIT */

#include <limits.h>

#include "base/process.h"
#include "proxy/loop.h"

int loop_open(Loop *l, Error *reterr) {
        *l = (Loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
        return l->epoll_fd < 0 ? error_set(reterr, errno, "make an event loop") : 0;
}

void loop_done(Loop *l) {
        l->epoll_fd = safe_close(l->epoll_fd);
}

int loop_add(Loop *l, Watch *w, uint32_t events) {
        struct epoll_event event = {.events = events, .data.ptr = w};

        return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, w->fd, &event) < 0 ? -errno : 0;
}

void loop_set(Loop *l, Watch *w, uint32_t events) {
        struct epoll_event event = {.events = events, .data.ptr = w};

        (void) epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, w->fd, &event);
}

void loop_remove(Loop *l, Watch *w) {
        (void) epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
        for (int i = 0; i < l->n_batch; i++)
                if (l->batch[i].data.ptr == w)
                        l->batch[i].data.ptr = NULL;
}

void loop_clear_timer(Loop *l, Timer *t) {
        if (t->usec == 0)
                return;
        t->usec = 0;
        for (Timer **p = &l->timers; *p; p = &(*p)->next)
                if (*p == t) {
                        *p = t->next;
                        return;
                }
}

void loop_set_timer(Loop *l, Timer *t, uint64_t usec) {
        loop_clear_timer(l, t);
        t->usec = now_usec() + usec;
        t->next = l->timers;
        l->timers = t;
}

/* Milliseconds until the first timer, -1: there is none. */
static int loop_timeout(const Loop *l) {
        uint64_t first = UINT64_MAX, now, rest;

        for (const Timer *t = l->timers; t; t = t->next)
                if (t->usec < first)
                        first = t->usec;
        if (first == UINT64_MAX)
                return -1;
        now = now_usec();
        rest = first > now ? (first - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC : 0;
        return rest > INT_MAX ? INT_MAX : (int) rest;
}

/* A callback may change any timer, so the list is looked at from its beginning each time. */
static void loop_call_timers(Loop *l) {
        const uint64_t now = l->timers ? now_usec() : 0;
        Timer *t = l->timers;

        while (t) {
                if (t->usec > now) {
                        t = t->next;
                        continue;
                }
                loop_clear_timer(l, t);
                t->on_time(t);
                t = l->timers;
        }
}

int loop_run(Loop *l, Error *reterr) {
        while (!l->ended) {
                int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH, loop_timeout(l));

                if (n < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for events");
                l->n_batch = n < 0 ? 0 : n;
                for (int i = 0; i < l->n_batch; i++) {
                        Watch *w = l->batch[i].data.ptr;

                        if (w)
                                w->on_ready(w, l->batch[i].events);
                }
                l->n_batch = 0;
                loop_call_timers(l);
        }
        return 0;
}

void loop_end(Loop *l) {
        l->ended = true;
}
