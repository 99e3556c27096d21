/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "rootfs/mounts.h"

int mount_clone(int fd, bool recursive, Error *reterr) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
        int tree;

        if (recursive)
                flags |= AT_RECURSIVE;
        tree = (int) syscall(SYS_open_tree, fd, "", flags);
        return tree < 0 ? error_set(reterr, errno, "copy a mount") : tree;
}

static int mount_set(int tree_fd, struct mount_attr attr, Error *reterr) {
        if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return error_set(reterr, errno, "set the attributes of a mount");
        return 0;
}

static int mount_set_attributes(int tree_fd, uint64_t attributes, Error *reterr) {
        return mount_set(tree_fd, (struct mount_attr){.attr_set = attributes}, reterr);
}

int mount_clone_path(const char *path, bool recursive, uint64_t attributes, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC), tree_fd = -EBADF;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        r = tree_fd = mount_clone(fd, recursive, reterr);
        if (r >= 0 && attributes != 0)
                r = mount_set_attributes(tree_fd, attributes, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", path) : TAKE_FD(tree_fd);
}

int mount_clone_as_it_is(const char *path, uint64_t attributes, Error *reterr) {
        _cleanup_close_ int tree_fd = mount_clone_path(path, /* recursive= */ true, attributes, reterr);
        int r = tree_fd < 0 ? tree_fd : mount_make_private(tree_fd, reterr);

        return r < 0 ? r : TAKE_FD(tree_fd);
}

int mount_make(const char *kind, const MountOption *options, size_t n, unsigned attributes, Error *reterr) {
        _cleanup_close_ int fs = (int) syscall(SYS_fsopen, kind, FSOPEN_CLOEXEC);
        int fd = -EBADF;

        if (fs < 0)
                return error_set(reterr, errno, "make a %s", kind);
        for (size_t i = 0; i < n; i++)
                if (options[i].value &&
                    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[i].key, options[i].value, 0) < 0)
                        return error_set(reterr, errno, "make a %s with %s=%s", kind, options[i].key,
                                         options[i].value);
        if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) >= 0)
                fd = (int) syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
        return fd < 0 ? error_set(reterr, errno, "make a %s", kind) : fd;
}

int mount_attach(int fd, const char *path, Error *reterr) {
        if (syscall(SYS_move_mount, fd, "", AT_FDCWD, path,
                    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0)
                return error_set(reterr, errno, "attach a mount at '%s'", path);
        return 0;
}

int mount_make_at(const char *kind, const char *path, const MountOption *options, size_t n,
                  unsigned attributes, Error *reterr) {
        _cleanup_close_ int fd = mount_make(kind, options, n, attributes, reterr);

        return fd < 0 ? fd : mount_attach(fd, path, reterr);
}

int mount_make_private(int tree_fd, Error *reterr) {
        return mount_set(tree_fd, (struct mount_attr){.propagation = MS_PRIVATE}, reterr);
}

int mount_set_read_only(int tree_fd, Error *reterr) {
        return mount_set_attributes(tree_fd, MOUNT_ATTR_RDONLY, reterr);
}

int mount_protect(int tree_fd, Error *reterr) {
        return mount_set_attributes(tree_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID,
                                    reterr);
}

int mount_map_ids(int tree_fd, int ids_fd, Error *reterr) {
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) ids_fd};

        if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return error_set(reterr, errno, "map the ids of a mount");
        return 0;
}

int mount_clone_mapped(int fd, int ids_fd, Error *reterr) {
        _cleanup_close_ int tree_fd = mount_clone(fd, /* recursive= */ false, reterr);
        int r = tree_fd;

        if (r >= 0 && ids_fd >= 0)
                r = mount_map_ids(tree_fd, ids_fd, reterr);
        return r < 0 ? r : TAKE_FD(tree_fd);
}

int mount_try_ids(int fd, int ids_fd) {
        _cleanup_close_ int tree_fd = mount_clone(fd, /* recursive= */ false, NULL);

        return tree_fd < 0 ? tree_fd : mount_map_ids(tree_fd, ids_fd, NULL);
}
