/* SPDX-License-Identifier: MIT */
#pragma once

/* The event loop of what serves ports: epoll(7) and timers, without an allocation for each descriptor, since
 * there may be thousands. What is watched holds its Watch or Timer itself (CONTAINER_OF()). */

#include <sys/epoll.h>

#include "base/error.h"

#define LOOP_BATCH 64

typedef struct Watch Watch;
struct Watch {
        void (*on_ready)(Watch *w, uint32_t events);
        int fd; /* borrowed */
};

typedef struct Timer Timer;
struct Timer {
        void (*on_time)(Timer *t);
        uint64_t usec; /* 0: off */
        Timer *next;
};

typedef struct Loop {
        int epoll_fd;
        struct epoll_event batch[LOOP_BATCH];
        int n_batch;
        Timer *timers; /* those that are on, in no order: there are few */
        bool ended;
} Loop;

int loop_open(Loop *l, Error *reterr);
void loop_done(Loop *l);

/* @events: as of epoll_ctl(2). Return: 0 or a negative errno. */
int loop_add(Loop *l, Watch *w, uint32_t events);

/* Also tells once more what an edge-triggered one (EPOLLET) has told already and is still so. */
void loop_set(Loop *l, Watch *w, uint32_t events);

/* Before the descriptor is closed: no event of it comes any more, those that are here already included. */
void loop_remove(Loop *l, Watch *w);

/* Once, @usec from now; replaces an earlier time. */
void loop_set_timer(Loop *l, Timer *t, uint64_t usec);
void loop_clear_timer(Loop *l, Timer *t);

/* Until loop_end(). */
int loop_run(Loop *l, Error *reterr);
void loop_end(Loop *l);
