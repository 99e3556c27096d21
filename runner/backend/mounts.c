/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include "backend/mounts.h"

int mount_clone(int fd, bool recursive, Error *reterr) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        int tree;

        if (recursive)
                flags |= AT_RECURSIVE;
        tree = (int) syscall(SYS_open_tree, fd, "", flags);
        return tree < 0 ? error_set(reterr, errno, "copy a mount") : tree;
}
