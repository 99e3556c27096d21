/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>

#include "rootfs/mounts.h"
#include "base/alloc.h"
#include "base/userns.h"

int mount_clone(int fd, bool recursive, Error *reterr) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        int tree;

        if (recursive)
                flags |= AT_RECURSIVE;
        tree = (int) syscall(SYS_open_tree, fd, "", flags);
        return tree < 0 ? error_set(reterr, errno, "copy a mount") : tree;
}

int mount_protect(int tree_fd, Error *reterr) {
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID};

        if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return error_set(reterr, errno, "make a mount read-only");
        return 0;
}

int mount_ids_open(uint32_t base, Error *reterr) {
        /* Without the second line the host's root could make nothing there, which systemd-nspawn has to. */
        _cleanup_free_ char *map = xasprintf("0 %u 65536\n65536 0 1\n", base);
        int fd = userns_open(map);

        return fd < 0 ? error_set(reterr, fd, "make a user namespace") : fd;
}

int mount_map_ids_by(int tree_fd, int ids_fd, Error *reterr) {
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) ids_fd};

        if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return error_set(reterr, errno, "map the ids of a mount");
        return 0;
}

int mount_map_ids(int tree_fd, uint32_t base, Error *reterr) {
        _cleanup_close_ int ids_fd = mount_ids_open(base, reterr);

        return ids_fd < 0 ? ids_fd : mount_map_ids_by(tree_fd, ids_fd, reterr);
}
