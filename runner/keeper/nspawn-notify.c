/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <sys/socket.h>

#include "keeper/nspawn-notify.h"
#include "base/macro.h"

/* What the kernel lets pass in one message: SCM_MAX_FD. */
#define FDS_MAX 253

int nspawn_notify_receive(int fd, int flags, pid_t nspawn, char *buffer, size_t size) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * FDS_MAX)];
        } control;
        struct iovec iov = {.iov_base = buffer, .iov_len = size - 1};
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        const struct ucred *creds = NULL;
        ssize_t n;

        n = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return -errno;
        buffer[n] = '\0';
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_CREDENTIALS)
                        creds = (const struct ucred *) CMSG_DATA(c);
                if (c->cmsg_type == SCM_RIGHTS)
                        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
                                (void) safe_close(((int *) CMSG_DATA(c))[i]);
        }
        return creds && nspawn > 0 && creds->pid == nspawn;
}
