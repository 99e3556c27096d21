/* SPDX-License-Identifier: MIT */
#pragma once

/* One direction of a connection: bytes from a socket to another one, and then its end. Both are
 * non-blocking. It holds a pipe while bytes are on their way, and else nothing. Where there is no pipe to be
 * had it copies: it looks at bytes (MSG_PEEK), sends them, and takes away those that were sent, so that what
 * does not find room stays where it is. */

#include "proxy/pipes.h"

typedef struct Pump {
        Pipe pipe;
        uint32_t held; /* bytes in it */
        bool full;     /* the target takes no more at present */
        bool ended;    /* the source has no more to say */
        bool done;     /* and the target was told */
} Pump;

#define PUMP_NULL ((Pump){.pipe = PIPE_NULL})

typedef enum PumpState {
        PUMP_EMPTY, /* all that the source has said is in the target */
        PUMP_FULL,  /* the target has to take some first */
        PUMP_MORE,  /* its turn is over: others want theirs, then it goes on */
        PUMP_DONE,
} PumpState;

/* Moves what can be moved without waiting. Return: a PumpState, or a negative errno: one of the sockets is
 * broken. */
int pump_run(Pump *p, Pipes *pipes, int from_fd, int to_fd);

/* Gives the pipe back, and drops what is in it. */
void pump_done(Pump *p, Pipes *pipes);
