/* SPDX-License-Identifier: MIT */
#pragma once

/* A listening socket of a published port. A connection is accepted when the service has accepted one for
 * it: until then it waits where the kernel keeps it, be it that the guest is booting or that the service is
 * being restarted. After LISTENER_PATIENCE_USEC with a service that refuses it is reset, as it would have
 * been without us in between; at once where the target is impatient. */

#include "proxy/dial.h"

/* A connection waits for at least as long, and for less than twice as long. One to a Unix socket may wait
 * for less, beside one that has waited for as long. */
#define LISTENER_PATIENCE_USEC (10 * USEC_PER_SEC)

typedef struct ListenerHandlers {
        /* A connection of a client and its connection to the service: the callee's. */
        void (*connected)(int client_fd, int service_fd, void *userdata);
        /* The system has no room for another descriptor. */
        void (*no_room)(void *userdata);
        /* It has begun or ended to wait for a service. */
        void (*waits)(bool on, void *userdata);
        /* The keeper has shut the socket down: it takes no connection any more, and is closed. */
        void (*ended)(void *userdata);
} ListenerHandlers;

typedef struct Listener {
        Watch watch;
        Loop *loop;
        Target target;
        Dial dial;
        const ListenerHandlers *handlers;
        void *userdata;
        bool paused;  /* by the caller */
        bool dialing; /* it waits for the end of the dial */
        /* while the service refuses */
        Timer retry;
        bool refused;
        uint64_t pause_usec;
        uint64_t since_usec;
        unsigned n_oldest; /* connections that waited then */
} Listener;

/* @fd: non-blocking, as all the others, and borrowed until it has ended. @l stays where it is. */
int listener_open(Listener *l, Loop *loop, int fd, const Target *target, const ListenerHandlers *handlers,
                  void *userdata, Error *reterr);

/* While it is paused nothing is accepted. */
void listener_pause(Listener *l, bool on);
