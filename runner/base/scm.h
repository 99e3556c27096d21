/* SPDX-License-Identifier: MIT */
#pragma once

/* Descriptors that travel over Unix sockets, SCM_RIGHTS in unix(7). */

#include <sys/types.h>

#include "base/macro.h"

/* What the kernel lets pass in one message: its SCM_MAX_FD. */
#define SCM_FDS_MAX 253

typedef struct ScmMessage {
        size_t size; /* of the data */
        int fds[SCM_FDS_MAX];
        size_t n_fds;
        pid_t sender; /* as the kernel says where the socket has SO_PASSCRED, else 0 */
} ScmMessage;

/* Sends one message. The descriptors stay the caller's. Return: 0, or a negative errno (-EINVAL: more
 * descriptors than SCM_FDS_MAX). */
int scm_send(int socket_fd, const void *data, size_t size, const int *fds, size_t n_fds);

/**
 * scm_receive() - take one message
 * @flags: of recvmsg(2); with MSG_PEEK it stays there, and each look gives descriptors of its own
 * @data: gets @size bytes at most; the rest of a longer message is lost
 * @ret: to be emptied by scm_done(); its descriptors are O_CLOEXEC
 *
 * Return: 0, also when the sender has closed (and then there is nothing in it), or a negative errno.
 * -EMSGSIZE: descriptors were lost, as when there is no room for more in this process. None is left open.
 */
int scm_receive(int socket_fd, int flags, void *data, size_t size, ScmMessage *ret);

/* Closes the descriptors. */
void scm_done(ScmMessage *message);
