/* SPDX-License-Identifier: MIT */
#pragma once

/* A client's connection and the one to the service that belongs to it. Each end of a half is passed on, and
 * so is a reset; where a side takes nothing the other one is not read. It frees itself when both halves have
 * ended. */

#include "proxy/loop.h"
#include "proxy/pipes.h"

/* What connections share. */
typedef struct ConnectionContext ConnectionContext;
struct ConnectionContext {
        Loop *loop;
        Pipes pipes;
        void (*on_end)(ConnectionContext *c); /* one is gone, its descriptors are closed */
};

/* Both sockets are non-blocking, and the connection's from now on, also on failure. Return: 0 or a negative
 * errno. */
int connection_new(ConnectionContext *context, int client_fd, int service_fd);

/* Closes a socket in a way that resets the connection: its other side is not to take this for an orderly
 * end. */
void connection_reset(int fd);
