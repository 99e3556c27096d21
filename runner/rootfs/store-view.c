/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/strv.h"
#include "rootfs/mount-child.h"
#include "rootfs/mounts.h"
#include "rootfs/store-view.h"

#define VIEW  MACHINE_DIR "/view"
#define STORE MACHINE_DIR "/store"

typedef struct View {
        int store_tree;
        char *const *names;
        uint32_t base;
        int ids_fd; /* what the mounts are mapped by; -EBADF: not at all */
} View;

/* A link cannot be mounted. */
static int copy_link(int store_fd, int view_fd, const char *name, uint32_t owner) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(store_fd, name, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = '\0';
        if (symlinkat(target, view_fd, name) < 0 ||
            fchownat(view_fd, name, owner, owner, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int make_mount_point(int view_fd, const char *name, bool directory) {
        _cleanup_close_ int fd = -EBADF;

        if (directory)
                return mkdirat(view_fd, name, 0555) < 0 ? -errno : 0;
        fd = openat(view_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        return fd < 0 ? -errno : 0;
}

static int store_view_attach(const View *view, int store_fd, int view_fd, const char *name) {
        _cleanup_close_ int fd = openat(store_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree_fd = -EBADF;
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode))
                return copy_link(store_fd, view_fd, name, view->base);
        r = make_mount_point(view_fd, name, S_ISDIR(st.st_mode));
        if (r < 0)
                return r;
        tree_fd = mount_clone(fd, /* recursive= */ false, NULL);
        if (tree_fd < 0)
                return tree_fd;
        if (view->ids_fd >= 0) {
                r = mount_map_ids(tree_fd, view->ids_fd, NULL);
                if (r < 0)
                        return r;
        }
        return syscall(SYS_move_mount, tree_fd, "", view_fd, name, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

/* Attached while it is built, since before Linux 6.15 nothing can be mounted in a detached tree. */
static int store_view_build(const void *userdata) {
        const View *view = userdata;
        _cleanup_free_ char *options = xasprintf("mode=0755,uid=%u,gid=%u", view->base, view->base);
        _cleanup_close_ int store_fd = -EBADF, view_fd = -EBADF;
        int tree_fd, r;

        /* In this namespace, since mounts of another one cannot be copied. */
        if (mkdir(STORE, 0755) < 0 ||
            syscall(SYS_move_mount, view->store_tree, "", AT_FDCWD, STORE, MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
            mkdir(VIEW, 0755) < 0 || mount("tmpfs", VIEW, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
                return -errno;
        store_fd = open(STORE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        view_fd = open(VIEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store_fd < 0 || view_fd < 0)
                return -errno;
        STRV_FOREACH (name, view->names) {
                r = store_view_attach(view, store_fd, view_fd, *name);
                if (r < 0)
                        return r;
        }
        tree_fd = mount_clone(view_fd, /* recursive= */ true, NULL);
        if (tree_fd < 0)
                return tree_fd;
        r = mount_protect(tree_fd, NULL);
        return r < 0 ? r : tree_fd;
}

static int store_view_check_names(int store_fd, const char *store, char *const *names, Error *reterr) {
        STRV_FOREACH (name, names) {
                struct stat st;

                if (fstatat(store_fd, *name, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                        continue;
                if (errno == ENOENT)
                        return error_raise(reterr, FC_EXIT_USAGE, "store path '%s/%s' does not exist", store,
                                           *name);
                return error_set(reterr, errno, "look at store path '%s/%s'", store, *name);
        }
        return 0;
}

int store_view_mount(int store_fd, const char *store, char *const *names, uint32_t base, int ids_fd,
                     Error *reterr) {
        _cleanup_close_ int store_tree = -EBADF;
        int fd, r;

        r = store_view_check_names(store_fd, store, names, reterr);
        if (r < 0)
                return r;
        store_tree = mount_clone(store_fd, /* recursive= */ true, reterr);
        if (store_tree < 0)
                return store_tree;
        fd = mount_in_child(store_view_build, &(View){store_tree, names, base, ids_fd});
        return fd < 0 ? error_set(reterr, fd, "assemble the paths of the store '%s'", store) : fd;
}
