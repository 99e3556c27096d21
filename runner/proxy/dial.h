/* SPDX-License-Identifier: MIT */
#pragma once

/* Connecting to a service: one address after the other, the next one as soon as one refuses, and also when
 * one does not answer for a moment. The first that answers is taken. */

#include "proxy/loop.h"
#include "proxy/target.h"

typedef struct Dial Dial;

typedef struct Attempt {
        Watch watch; /* without a descriptor: it does not wait */
        Dial *dial;
} Attempt;

struct Dial {
        Loop *loop;
        const Target *target;

        /* @fd: connected, and the callee's; or a negative errno. */
        void (*on_end)(Dial *d, int fd);

        Attempt attempts[TARGET_ADDRESSES];
        unsigned n_begun;
        int error; /* of the last that failed */
        Timer next;
};

void dial_init(Dial *d, Loop *loop, const Target *target, void (*on_end)(Dial *d, int fd));

/* Return: a connected socket, -EINPROGRESS: on_end() is going to be called, or another negative errno: see
 * dial_is_refused(). None may be under way. */
int dial_start(Dial *d);

/* Gives up what is under way. */
void dial_stop(Dial *d);

/* The service is not there, perhaps not yet. Otherwise the system has no room for a socket. */
bool dial_is_refused(int error);
