/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "rootfs/aside.h"
#include "rootfs/image-mark.h"
#include "rootfs/skeleton.h"
#include "rootfs/tree-copy.h"
#include "rootfs/tree.h"

#define TREE     "root"
#define TREE_NEW "root.new"

int tree_exists(int container_fd, bool *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(container_fd, TREE, O_PATH | O_DIRECTORY, &fd, reterr);

        if (r < 0)
                return r;
        *ret = fd >= 0;
        return 0;
}

static int make_tree(int container_fd, int image_fd, const char *image, Error *reterr) {
        _cleanup_close_ int fd = aside_make(container_fd, TREE_NEW, reterr);
        /* As it is before: what changes meanwhile may not be in the copy. */
        _cleanup_free_ char *mark = image_fd >= 0 ? image_mark_make(image_fd) : NULL;
        int r;

        if (fd < 0)
                return fd;
        r = image_fd >= 0 ? tree_copy(image_fd, fd, /* options= */ NULL, image, reterr)
                          : skeleton_make(fd, reterr);
        if (r >= 0 && mark)
                image_mark_write(fd, mark);
        if (r >= 0 && renameat(container_fd, TREE_NEW, container_fd, TREE) < 0)
                r = error_set(reterr, errno, "name the new root");
        return r;
}

int tree_prepare(int container_fd, int image_fd, const char *image, Error *reterr) {
        bool there;
        int r;

        r = tree_exists(container_fd, &there, reterr);
        if (r < 0 || there)
                return r;
        r = make_tree(container_fd, image_fd, image, reterr);
        if (r < 0)
                (void) fs_remove_tree(container_fd, TREE_NEW, NULL);
        return r;
}

/* Return: the directory; made for @owner, with those that lead to it, when it is missing. */
static int make_directory(int root_fd, const char *path, uint32_t owner) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *parent = xstrdup(path);
        char *slash = strrchr(parent, '/');

        if (fs_open_beneath_optional(root_fd, path, O_RDONLY | O_DIRECTORY, &fd, NULL) < 0)
                return -EIO;
        if (fd >= 0)
                return TAKE_FD(fd);
        if (slash) {
                *slash = '\0';
                fd = make_directory(root_fd, parent, owner);
                if (fd < 0)
                        return fd;
                (void) safe_close(fd);
        }
        fd = fs_mkdir_beneath(root_fd, path, 0755, NULL);
        if (fd >= 0 && fchown(fd, owner, owner) < 0)
                return -errno;
        return TAKE_FD(fd);
}

void tree_make_parents(int root_fd, uint32_t owner, char *const *mount_points) {
        STRV_FOREACH (path, mount_points) {
                _cleanup_free_ char *parent = xstrdup(*path + 1);
                char *slash = strrchr(parent, '/');

                if (!slash)
                        continue;
                *slash = '\0';
                (void) safe_close(make_directory(root_fd, parent, owner));
        }
}

void tree_make_file(int root_fd, uint32_t owner, const char *path) {
        _cleanup_free_ char *parent = xstrdup(path + 1);
        char *slash = strrchr(parent, '/');
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
        struct stat st;

        *slash = '\0';
        dir_fd = make_directory(root_fd, parent, owner);
        if (dir_fd < 0)
                return;
        if (fstatat(dir_fd, slash + 1, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(st.st_mode))
                (void) unlinkat(dir_fd, slash + 1, 0);
        fd = openat(dir_fd, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd >= 0 && fchown(fd, owner, owner) < 0)
                (void) unlinkat(dir_fd, slash + 1, 0);
}
