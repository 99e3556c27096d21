/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "project/facts.h"

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

static int write_map(pid_t pid, const char *name) {
        static const char map[] = "0 65536 65536\n";
        _cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int) pid, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, map, sizeof(map) - 1) < 0 ? -errno : 0;
}

static int user_namespace_of(pid_t pid) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/ns/user", (int) pid);
        int fd, r;

        r = write_map(pid, "uid_map");
        if (r >= 0)
                r = write_map(pid, "gid_map");
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Return: an fd of a user namespace with a mapping, or a negative errno. */
static int make_user_namespace(void) {
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
                fd = c != 0 ? -(int) (unsigned char) c : user_namespace_of(pid);
        (void) kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return fd;
}

int facts_probe_idmap(int dir_fd, bool *ret, Error *reterr) {
        _cleanup_close_ int userns_fd = -EBADF, tree_fd = -EBADF;
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};

        userns_fd = make_user_namespace();
        if (userns_fd < 0)
                return error_set(reterr, userns_fd, "make a user namespace to try id-mapped mounts");
        tree_fd = (int) syscall(SYS_open_tree, dir_fd, "",
                                AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree_fd < 0)
                return error_set(reterr, errno, "copy a mount to try id-mapped mounts");

        attr.userns_fd = (uint64_t) userns_fd;
        if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) >= 0)
                *ret = true;
        /* EINVAL: the file system cannot; ENOSYS: the kernel cannot; EPERM: the mount is id-mapped already,
         * and it can be only once. That root is allowed to is known from open_tree(2). */
        else if (errno == EINVAL || errno == ENOSYS || errno == EPERM)
                *ret = false;
        else
                return error_set(reterr, errno, "try an id-mapped mount");
        return 0;
}
