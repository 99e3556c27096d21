/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/process.h"
#include "base/scm.h"
#include "rootfs/mount-child.h"

static int mount_child_isolate(void) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            (mkdir(MACHINE_DIR, 0755) < 0 && errno != EEXIST) ||
            mount("tmpfs", MACHINE_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
                return -errno;
        return 0;
}

static int send_result(int socket_fd, int result) {
        return scm_send(socket_fd, &result, sizeof(result), &result, result >= 0 ? 1 : 0);
}

static int receive_result(int socket_fd) {
        _cleanup_(scm_done) ScmMessage message = {};
        int result, r;

        r = scm_receive(socket_fd, 0, &result, sizeof(result), &message);
        if (r < 0)
                return r;
        /* Nothing: it was killed. */
        if (message.size != sizeof(result))
                return -EIO;
        if (result < 0)
                return result;
        return message.n_fds == 1 ? TAKE_FD(message.fds[0]) : -EIO;
}

static int mount_child_run(int (*work)(const void *), const void *userdata) {
        int r = mount_child_isolate();

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
                _exit(send_result(theirs, mount_child_run(work, userdata)) < 0);
        theirs = safe_close(theirs);
        fd = receive_result(ours);
        (void) process_reap(pid);
        return fd;
}
