/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "rootfs/file-copy.h"

#define CHUNK_SIZE  ((size_t) 1024 * 1024)
#define EXTENT_SIZE ((size_t) 64 * 1024 * 1024)

/* Where the kernel cannot do it alone. */
static int copy_by_hand(int from_fd, int to_fd, off_t begin, off_t end, FileCopyCheck check) {
        _cleanup_free_ char *block = xmalloc0(CHUNK_SIZE);

        while (begin < end) {
                size_t size = end - begin < (off_t) CHUNK_SIZE ? (size_t) (end - begin) : CHUNK_SIZE;
                ssize_t n = pread(from_fd, block, size, begin);

                if (n > 0)
                        n = pwrite(to_fd, block, (size_t) n, begin);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        return 0; /* it has become shorter */
                begin += n > 0 ? n : 0;
                if (check() < 0)
                        return check();
        }
        return 0;
}

static int copy_extent(int from_fd, int to_fd, off_t begin, off_t end, FileCopyCheck check) {
        off_t from = begin, to = begin;

        while (from < end) {
                size_t size = end - from < (off_t) EXTENT_SIZE ? (size_t) (end - from) : EXTENT_SIZE;
                ssize_t n = copy_file_range(from_fd, &from, to_fd, &to, size, 0);
                int r;

                if (n < 0 && (errno == EXDEV || errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS))
                        return copy_by_hand(from_fd, to_fd, from, end, check);
                if (n < 0 && errno != EINTR)
                        return -errno;
                /* Some file systems report a size of 0 for files whose content is made when they are
                 * read. */
                if (n == 0)
                        return copy_by_hand(from_fd, to_fd, from, end, check);
                r = check();
                if (r < 0)
                        return r;
        }
        return 0;
}

int file_copy_data(int from_fd, int to_fd, const struct stat *st, bool *no_clone, FileCopyCheck check) {
        off_t begin = 0, end = 0;

        if (st->st_size == 0)
                return 0;
        if (!*no_clone) {
                if (ioctl(to_fd, FICLONE, from_fd) >= 0)
                        return 0;
                /* Other errors are of this file alone: one that is not copied on write (chattr +C), or is
                 * swapped to. What is really wrong, a copy will tell as well. */
                *no_clone = errno == EOPNOTSUPP || errno == ENOTTY || errno == ENOSYS || errno == EXDEV;
        }
        if ((off_t) st->st_blocks * 512 >= st->st_size)
                return copy_extent(from_fd, to_fd, 0, st->st_size, check);
        while (end < st->st_size) {
                int r;

                begin = lseek(from_fd, end, SEEK_DATA);
                if (begin < 0 && errno == ENXIO)
                        break;
                if (begin < 0)
                        return -errno;
                end = lseek(from_fd, begin, SEEK_HOLE);
                if (end < 0)
                        return -errno;
                r = copy_extent(from_fd, to_fd, begin, end, check);
                if (r < 0)
                        return r;
        }
        return ftruncate(to_fd, st->st_size) < 0 ? -errno : 0;
}

static bool is_unsupported(int errnum) {
        return errnum == EOPNOTSUPP || errnum == EPERM || errnum == EINVAL;
}

/* A file by its descriptor, or a name in a directory that is not followed: for a path through the link in
 * /proc of that directory's descriptor the kernel looks up the last component only. */
typedef struct XattrPlace {
        int fd; /* -EBADF: by the path */
        char path[FS_PROC_FD_MAX + NAME_MAX + 2];
} XattrPlace;

static ssize_t xattr_list(const XattrPlace *p, char *names, size_t size) {
        return p->fd >= 0 ? flistxattr(p->fd, names, size) : llistxattr(p->path, names, size);
}

static ssize_t xattr_get(const XattrPlace *p, const char *name, char *value, size_t size) {
        return p->fd >= 0 ? fgetxattr(p->fd, name, value, size) : lgetxattr(p->path, name, value, size);
}

static int xattr_set(const XattrPlace *p, const char *name, const char *value, size_t size) {
        return p->fd >= 0 ? fsetxattr(p->fd, name, value, size, 0)
                          : lsetxattr(p->path, name, value, size, 0);
}

static int copy_xattr(const XattrPlace *from, const XattrPlace *to, const char *name) {
        _cleanup_free_ char *value = NULL;
        ssize_t size = xattr_get(from, name, NULL, 0);

        if (size < 0)
                return errno == ENODATA || is_unsupported(errno) ? 0 : -errno;
        value = xmalloc0((size_t) size + 1);
        size = xattr_get(from, name, value, (size_t) size);
        if (size < 0)
                return errno == ENODATA ? 0 : -errno;
        return xattr_set(to, name, value, (size_t) size) < 0 && !is_unsupported(errno) ? -errno : 0;
}

static int copy_xattrs(const XattrPlace *from, const XattrPlace *to) {
        _cleanup_free_ char *names = NULL;
        ssize_t size = xattr_list(from, NULL, 0);

        if (size <= 0)
                return size == 0 || is_unsupported(errno) ? 0 : -errno;
        names = xmalloc0((size_t) size);
        size = xattr_list(from, names, (size_t) size);
        if (size < 0)
                return -errno;
        for (const char *name = names; name < names + size; name += strlen(name) + 1) {
                int r = copy_xattr(from, to, name);

                if (r < 0)
                        return r;
        }
        return 0;
}

static XattrPlace xattr_place_in(int dir_fd, const char *name) {
        XattrPlace p = {.fd = -EBADF};
        char proc[FS_PROC_FD_MAX];

        (void) snprintf(p.path, sizeof(p.path), "%s/%s", fs_proc_fd(proc, dir_fd), name);
        return p;
}

int file_copy_xattrs_at(int from_dir_fd, int to_dir_fd, const char *name) {
        XattrPlace from = xattr_place_in(from_dir_fd, name), to = xattr_place_in(to_dir_fd, name);

        return copy_xattrs(&from, &to);
}

/* Each change is a transaction of the file system, ten times as dear as a look. A new owner takes the
 * set-user-id bit away. */
static int copy_owner_and_mode(int to_fd, const struct stat *st) {
        struct stat now;
        bool owned;

        if (fstat(to_fd, &now) < 0)
                return -errno;
        owned = now.st_uid == st->st_uid && now.st_gid == st->st_gid;
        if (!owned && fchown(to_fd, st->st_uid, st->st_gid) < 0)
                return -errno;
        if (owned && now.st_mode == st->st_mode)
                return 0;
        return fchmod(to_fd, st->st_mode & 07777) < 0 ? -errno : 0;
}

/* In this order: a new owner takes capabilities away, and each changes the times. */
int file_copy_attributes(int from_fd, int to_fd, const struct stat *st) {
        const struct timespec times[] = {st->st_atim, st->st_mtim};
        int r;

        r = copy_owner_and_mode(to_fd, st);
        if (r < 0)
                return r;
        r = copy_xattrs(&(XattrPlace){.fd = from_fd}, &(XattrPlace){.fd = to_fd});
        if (r < 0)
                return r;
        return futimens(to_fd, times) < 0 ? -errno : 0;
}
