/* SPDX-License-Identifier: MIT */
#pragma once

/* Sockets of the host's network. A program that runs without root is in a network namespace of the user's; a
 * process that has stayed outside, the broker, makes such sockets for it. */

#include "base/error.h"

/* Says that there is a broker, whose socket @fd becomes O_CLOEXEC. */
void host_socket_adopt(int fd);

/* Whether there is one, and with it: whether this program has no root of the host's. */
bool host_socket_is_brokered(void);

/* Its socket, to be handed on to a program that starts others by it (base/host-exec.h) and makes no sockets,
 * whose answers would be mixed up with ours. -EBADF: there is none. */
int host_socket_broker_fd(void);

/* socket(2). Return: an O_CLOEXEC fd, or a negative errno. */
int host_socket(int family, int type, int protocol);

/* A file of proc_pid_net(5) about that network, "tcp". Once there is a broker it is known from its first
 * answer. Owned by the caller. */
char *host_socket_proc_path(const char *name);

/* The broker: makes sockets for what has the other end of @fd, a SOCK_SEQPACKET, and starts programs, until
 * that is closed. */
void host_socket_serve(int fd);
