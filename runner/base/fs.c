/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fs.h"

static int open_beneath(int dir_fd, const char *path, int flags, mode_t mode) {
        struct open_how how = {
                .flags = (uint64_t) (flags | O_CLOEXEC),
                .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };

        /* glibc of the oldest supported release has no wrapper. */
        return (int) syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

static int open_error(Error *reterr, const char *path) {
        /* The texts of ELOOP and EXDEV do not tell what happened here. */
        if (errno == ELOOP)
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is, or goes through, a symbolic link",
                                   path);
        if (errno == EXDEV)
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' leads out of its directory", path);
        return error_set(reterr, errno, "open '%s'", path);
}

int fs_open_beneath(int dir_fd, const char *path, int flags, mode_t mode, Error *reterr) {
        int fd = open_beneath(dir_fd, path, flags, mode);

        return fd < 0 ? open_error(reterr, path) : fd;
}

int fs_open_beneath_optional(int dir_fd, const char *path, int flags, int *ret_fd, Error *reterr) {
        int fd = open_beneath(dir_fd, path, flags, 0);

        if (fd < 0 && errno != ENOENT)
                return open_error(reterr, path);
        *ret_fd = fd < 0 ? -EBADF : fd;
        return 0;
}

/* Return: the fd, -ENOENT without an Error, or another negative errno. */
static int fs_open_file(int dir_fd, const char *path, int flags, mode_t mode, Error *reterr) {
        _cleanup_close_ int fd = open_beneath(dir_fd, path, flags | O_NONBLOCK | O_NOCTTY, mode);
        struct stat st;

        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        /* ENXIO: a socket, or a FIFO that no process reads. */
        if (fd < 0 && errno != ENXIO)
                return open_error(reterr, path);
        if (fd >= 0 && fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", path);
        if (fd < 0 || !S_ISREG(st.st_mode))
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is not a regular file", path);
        return TAKE_FD(fd);
}

int fs_open_file_beneath(int dir_fd, const char *path, int flags, mode_t mode, Error *reterr) {
        int fd = fs_open_file(dir_fd, path, flags, mode, reterr);

        return fd == -ENOENT ? error_set(reterr, ENOENT, "open '%s'", path) : fd;
}

int fs_open_file_beneath_optional(int dir_fd, const char *path, int *ret_fd, Error *reterr) {
        int fd = fs_open_file(dir_fd, path, O_RDONLY, 0, reterr);

        if (fd < 0 && fd != -ENOENT)
                return fd;
        *ret_fd = fd < 0 ? -EBADF : fd;
        return 0;
}

int fs_mkdir_beneath(int dir_fd, const char *path, mode_t mode, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *copy = xstrdup(path);
        char *save = NULL;

        fd = fs_open_beneath(dir_fd, ".", O_DIRECTORY | O_RDONLY, 0, reterr);
        if (fd < 0)
                return fd;

        for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
                int next;

                if (mkdirat(fd, name, mode) < 0 && errno != EEXIST)
                        return error_set(reterr, errno, "make directory '%s'", path);
                next = open_beneath(fd, name, O_DIRECTORY | O_RDONLY, 0);
                if (next < 0 && errno == ENOTDIR)
                        return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is not a directory", path);
                if (next < 0)
                        return open_error(reterr, path);
                (void) safe_close(fd);
                fd = next;
        }
        return TAKE_FD(fd);
}

int fs_read_fd(int fd, const char *name, size_t max, char **ret, size_t *ret_size, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0, room = 0;

        for (;;) {
                ssize_t n;

                if (room - size < 2) {
                        room = room > 0 ? room * 2 : 4096;
                        text = xreallocarray(text, room, 1);
                }
                n = read(fd, text + size, room - size - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set(reterr, errno, "read '%s'", name);
                if (n == 0)
                        break;
                size += (size_t) n;
                if (size > max)
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is larger than %zu bytes", name,
                                           max);
        }
        text[size] = '\0';
        *ret = TAKE_PTR(text);
        if (ret_size)
                *ret_size = size;
        return 0;
}

static int write_all(int fd, const char *text, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, text, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t) n;
        }
        return 0;
}

int fs_write_atomic(int dir_fd, const char *name, const char *text, size_t size, mode_t mode,
                    Error *reterr) {
        _cleanup_free_ char *temporary = xasprintf(".%s.new", name);
        _cleanup_close_ int fd = -EBADF;
        int r;

        /* Writers hold the container's or the project's lock, so one fixed name is enough, and what a killed
         * writer left is replaced instead of being left to gather. */
        if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove stale '%s'", temporary);
        fd = fs_open_beneath(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, reterr);
        if (fd < 0)
                return fd;

        r = write_all(fd, text, size);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, temporary, 0);
                return error_set(reterr, r, "write '%s'", name);
        }
        return 0;
}

static void clear_immutable(int fd) {
        int flags;

        if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & FS_IMMUTABLE_FL))
                return;
        flags &= ~FS_IMMUTABLE_FL;
        (void) ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* A bind mount has the device number of its source, so that only the kernel can tell. */
static int open_same_mount(int dir_fd, const char *name, int flags) {
        struct open_how how = {
                .flags = (uint64_t) (flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV,
        };

        return (int) syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

/* A directory on the way down. Only the last one is open. The way back up is "..", which must lead to the
 * directory that the way down came from. */
typedef struct Level {
        dev_t device;
        ino_t inode;
        char **names; /* of the directories in it */
        size_t n_names;
} Level;

typedef struct Removal {
        Level *levels;
        size_t n_levels;
        int fd; /* of the last one */
} Removal;

static void fs_pop_level(Removal *r) {
        Level *level = &r->levels[--r->n_levels];

        while (level->n_names > 0)
                free(level->names[--level->n_names]);
        free(level->names);
}

static void removal_done(Removal *r) {
        while (r->n_levels > 0)
                fs_pop_level(r);
        free(r->levels);
        (void) safe_close(r->fd);
}

/* Removes a file that is not a directory. Return: 1 it is a directory, 0 it is removed, or a negative
 * errno. */
static int remove_file(int fd, const char *name) {
        _cleanup_close_ int child = -EBADF;
        struct stat st;

        if (unlinkat(fd, name, 0) >= 0)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        child = open_same_mount(fd, name, /* flags= */ 0);
        if (child < 0 && errno == EXDEV)
                return -EBUSY;
        if (child < 0 || fstat(child, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return 1;
        clear_immutable(child);
        return unlinkat(fd, name, 0) < 0 ? -errno : 0;
}

/* Leaves the directories in it, whose names it notes. */
static int remove_files(int fd, Level *level) {
        _cleanup_(closedirp) DIR *d = NULL;
        int dup = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        d = dup < 0 ? NULL : fdopendir(dup);
        if (!d) {
                int saved = errno;

                (void) safe_close(dup);
                return -saved;
        }
        clear_immutable(fd);
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(d);
                if (!entry)
                        return -errno;
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                r = remove_file(fd, entry->d_name);
                if (r < 0)
                        return r;
                if (r > 0)
                        *XGROW(level->names, level->n_names) = xstrdup(entry->d_name);
        }
}

/* Takes the fd. */
static int go_down(Removal *r, int fd) {
        Level *level = XGROW(r->levels, r->n_levels);
        struct stat st;

        (void) safe_close(r->fd);
        r->fd = fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        level->device = st.st_dev;
        level->inode = st.st_ino;
        return remove_files(fd, level);
}

/* Removes the directory that it comes from. */
static int fs_go_up(Removal *r) {
        _cleanup_close_ int fd = openat(r->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Level *level;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        fs_pop_level(r);
        level = &r->levels[r->n_levels - 1];
        /* Another process has moved it meanwhile. */
        if (st.st_dev != level->device || st.st_ino != level->inode)
                return -ESTALE;
        (void) safe_close(r->fd);
        r->fd = TAKE_FD(fd);
        if (unlinkat(r->fd, level->names[level->n_names - 1], AT_REMOVEDIR) < 0)
                return -errno;
        free(level->names[--level->n_names]);
        return 0;
}

/* Three descriptors and no recursion, however deep it is: a guest may have made it deep so that it stays. */
static int remove_children(int fd) {
        _cleanup_(removal_done) Removal removal = {.fd = -EBADF};
        int r = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        r = r < 0 ? -errno : go_down(&removal, r);
        while (r >= 0) {
                const Level *level = &removal.levels[removal.n_levels - 1];

                if (level->n_names > 0) {
                        r = open_same_mount(removal.fd, level->names[level->n_names - 1], O_DIRECTORY);
                        if (r < 0)
                                return errno == EXDEV ? -EBUSY : -errno;
                        r = go_down(&removal, r);
                } else if (removal.n_levels == 1)
                        return 0;
                else
                        r = fs_go_up(&removal);
        }
        return r;
}

static int remove_entry(int dir_fd, const char *name) {
        _cleanup_close_ int fd = open_same_mount(dir_fd, name, O_DIRECTORY);
        int r;

        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 && errno == EXDEV)
                return -EBUSY;
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
                return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
        if (fd < 0)
                return -errno;
        r = remove_children(fd);
        if (r >= 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
                r = -errno;
        return r;
}

int fs_remove_tree(int dir_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *parent = xstrdup(name);
        _cleanup_close_ int parent_fd = -EBADF;
        char *slash = strrchr(parent, '/');
        int r;

        /* Only the last component may be a link, which is then removed itself. */
        if (slash)
                *slash = '\0';
        parent_fd = open_beneath(dir_fd, !slash ? "." : parent[0] ? parent : "/", O_RDONLY | O_DIRECTORY, 0);
        if (parent_fd < 0 && errno == ENOENT)
                return 0;
        if (parent_fd < 0)
                return open_error(reterr, name);
        if (streq(slash ? slash + 1 : parent, ".."))
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' leads out of its directory", name);

        r = remove_entry(parent_fd, slash ? slash + 1 : parent);
        if (r == -EBUSY)
                return error_raise(reterr, FC_EXIT_CONFLICT, "remove '%s': something is mounted below it",
                                   name);
        if (r < 0)
                return error_set(reterr, r, "remove '%s'", name);
        return 0;
}

int fs_enter_owner(int dir_fd) {
        struct stat st;

        if (fstat(dir_fd, &st) < 0)
                return -errno;
        (void) setfsgid(st.st_gid);
        (void) setfsuid(st.st_uid);
        return 0;
}

void fs_leave_owner(void) {
        int saved = errno;

        (void) setfsuid(geteuid());
        (void) setfsgid(getegid());
        errno = saved;
}

char *fs_proc_fd(char *buf, int fd) {
        (void) snprintf(buf, FS_PROC_FD_MAX, "/proc/self/fd/%d", fd);
        return buf;
}

int fs_fd_path(int fd, const char *what, char **ret, Error *reterr) {
        char proc[FS_PROC_FD_MAX], path[PATH_MAX];
        ssize_t n = readlink(fs_proc_fd(proc, fd), path, sizeof(path));

        if (n < 0)
                return error_set(reterr, errno, "find %s", what);
        *ret = xstrndup(path, (size_t) n);
        return 0;
}
