/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/socket.h>

#include "base/scm.h"

/* Aligned as the kernel wants it. */
typedef union ScmControl {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * SCM_FDS_MAX)];
} ScmControl;

int scm_send(int socket_fd, const void *data, size_t size, const int *fds, size_t n_fds) {
        ScmControl control = {};
        struct iovec iov = {.iov_base = (void *) data, .iov_len = size};
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

        if (n_fds > SCM_FDS_MAX)
                return -EINVAL;
        if (n_fds > 0) {
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                control.header = (struct cmsghdr){
                        .cmsg_level = SOL_SOCKET,
                        .cmsg_type = SCM_RIGHTS,
                        .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
                };
                memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
        }
        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Both kinds are of the level SOL_SOCKET, and the kernel puts at most one of each into a message. */
static void scm_take(ScmMessage *m, struct msghdr *message) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_CREDENTIALS)
                        m->sender = ((const struct ucred *) CMSG_DATA(c))->pid;
                if (c->cmsg_type == SCM_RIGHTS) {
                        m->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                        memcpy(m->fds, CMSG_DATA(c), m->n_fds * sizeof(int));
                }
        }
}

int scm_receive(int socket_fd, int flags, void *data, size_t size, ScmMessage *ret) {
        ScmControl control = {};
        ScmMessage m = {};
        struct iovec iov = {.iov_base = data, .iov_len = size};
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;

        n = recvmsg(socket_fd, &message, flags | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return -errno;
        m.size = (size_t) n;
        scm_take(&m, &message);
        if (message.msg_flags & MSG_CTRUNC) {
                scm_done(&m);
                return -EMSGSIZE;
        }
        *ret = m;
        return 0;
}

void scm_done(ScmMessage *message) {
        for (size_t i = 0; i < message->n_fds; i++)
                (void) safe_close(message->fds[i]);
        message->n_fds = 0;
}
