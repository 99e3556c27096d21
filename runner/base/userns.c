/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/userns.h"

/* Enters a user namespace, says so, and stays until it is killed. */
static _Noreturn void holder(int fd) {
        char c = 0;

        /* In this order: new credentials may reset the signal. */
        if (unshare(CLONE_NEWUSER) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                c = (char) errno;
        if (write(fd, &c, 1) != 1)
                _exit(1);
        for (;;)
                (void) pause();
}

static int write_map(pid_t pid, const char *name, const char *map) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int) pid, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, map, strlen(map)) < 0 ? -errno : 0;
}

static int user_namespace_of(pid_t pid, const char *uids, const char *gids) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int) pid);
        int fd, r;

        r = write_map(pid, "uid_map", uids);
        if (r >= 0)
                r = write_map(pid, "gid_map", gids);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int userns_open(const char *uids, const char *gids) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        int pipe_fd[2], fd;
        pid_t pid;
        char c;

        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return -errno;
        read_fd = pipe_fd[0];
        write_fd = pipe_fd[1];

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                holder(write_fd);
        write_fd = safe_close(write_fd);

        if (read(read_fd, &c, 1) != 1)
                fd = -ECHILD;
        else
                fd = c != 0 ? -(int) (unsigned char) c : user_namespace_of(pid, uids, gids);
        (void) kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return fd;
}
