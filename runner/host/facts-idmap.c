/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include "base/userns.h"
#include "host/facts.h"

int facts_probe_idmap(int dir_fd, bool *ret, Error *reterr) {
        _cleanup_close_ int userns_fd = -EBADF, tree_fd = -EBADF;
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};

        userns_fd = userns_open("0 65536 65536\n");
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
