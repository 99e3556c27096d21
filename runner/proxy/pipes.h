/* SPDX-License-Identifier: MIT */
#pragma once

/* Pipes that bytes pass through on their way from one socket to another by splice(2). A pump has one only
 * while bytes are in it, so a few serve thousands of connections. */

#include "base/macro.h"

/* Kept open for the next bytes. */
#define PIPES_IDLE 8

/* Each holds up to PIPE_SIZE of memory for a reader that is slow. Beyond these bytes are copied, which
 * leaves them in the sockets (pump.h). */
#define PIPES_MAX 256

#define PIPE_SIZE (256 * 1024)

typedef struct Pipe {
        int read_fd, write_fd; /* -EBADF: none */
} Pipe;

#define PIPE_NULL ((Pipe){-EBADF, -EBADF})

typedef struct Pipes {
        Pipe idle[PIPES_IDLE];
        unsigned n_idle;
        unsigned n_open; /* all of them */
        unsigned max;    /* of these */
} Pipes;

void pipes_done(Pipes *pipes);

/* Return: false: there are PIPES_MAX, or the system has none. */
bool pipes_take(Pipes *pipes, Pipe *ret);

/* @empty: one with bytes in it cannot be used for others. */
void pipes_give(Pipes *pipes, Pipe *pipe, bool empty);
