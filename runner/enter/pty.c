/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/fs.h"
#include "base/in-root.h"
#include "enter/pty.h"

/* The kernel makes the terminal in the devpts that the opened file lies in, so there is no need to join the
 * container's namespaces for that. But what lies at that path is the container's choice; only the real
 * thing is opened. */
static int open_multiplexer(int root_fd, Error *reterr) {
        _cleanup_close_ int path_fd = root_open(root_fd, "/dev/pts/ptmx", O_PATH);
        char proc[FS_PROC_FD_MAX];
        struct statfs sfs;
        struct stat st;
        int fd;

        if (path_fd < 0)
                return error_set(reterr, path_fd, "open the container's /dev/pts/ptmx");
        if (fstat(path_fd, &st) < 0 || fstatfs(path_fd, &sfs) < 0)
                return error_set(reterr, errno, "look at the container's /dev/pts/ptmx");
        if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2) || sfs.f_type != DEVPTS_SUPER_MAGIC)
                return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                   "the container's /dev/pts/ptmx is not the terminal multiplexer");

        fd = open(fs_proc_fd(proc, path_fd), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? error_set(reterr, errno, "open the container's /dev/pts/ptmx") : fd;
}

int pty_open(const EnterTarget *target, uint32_t owner, const struct winsize *size, int *ret_master,
             int *ret_slave, Error *reterr) {
        _cleanup_close_ int master = open_multiplexer(target->root_fd, reterr), slave = -EBADF;
        int unlock = 0;
        uint32_t uid;

        if (master < 0)
                return master;
        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return error_set(reterr, errno, "unlock a terminal of the container");
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0)
                return error_set(reterr, errno, "open a terminal of the container");
        if (ioctl(master, TIOCSWINSZ, size) < 0)
                return error_set(reterr, errno, "set the size of a terminal of the container");

        /* The group stays the one that devpts is mounted with, usually "tty". */
        if (!id_map_to_outside(&target->uids, owner, &uid))
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "the container has no uid %u", owner);
        if (fchown(slave, uid, (gid_t) -1) < 0)
                return error_set(reterr, errno, "give a terminal of the container to uid %u", owner);

        *ret_master = TAKE_FD(master);
        *ret_slave = TAKE_FD(slave);
        return 0;
}
