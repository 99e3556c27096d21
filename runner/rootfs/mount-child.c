/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rootfs/mount-child.h"

static int isolate(void) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            (mkdir(PLAN_MACHINE_DIR, 0755) < 0 && errno != EEXIST) ||
            mount("tmpfs", PLAN_MACHINE_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
                return -errno;
        return 0;
}

static int send_result(int socket_fd, int result) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec iov = {.iov_base = &result, .iov_len = sizeof(result)};
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

        if (result >= 0) {
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
                control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                                  .cmsg_type = SCM_RIGHTS,
                                                  .cmsg_len = CMSG_LEN(sizeof(int))};
                memcpy(CMSG_DATA(&control.header), &result, sizeof(int));
        }
        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int receive_result(int socket_fd) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        int result = -EIO, fd;
        struct iovec iov = {.iov_base = &result, .iov_len = sizeof(result)};
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };

        /* Nothing: it was killed. */
        if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) != (ssize_t) sizeof(result))
                return -EIO;
        if (result < 0)
                return result;
        if (!CMSG_FIRSTHDR(&message) || control.header.cmsg_type != SCM_RIGHTS)
                return -EIO;
        memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
        return fd;
}

static int run(int (*work)(const void *), const void *userdata) {
        int r = isolate();

        return r < 0 ? r : work(userdata);
}

int mount_in_child(int (*work)(const void *userdata), const void *userdata) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2], fd;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(send_result(theirs, run(work, userdata)) < 0);
        theirs = safe_close(theirs);
        fd = receive_result(ours);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return fd;
}
