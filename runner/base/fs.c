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
#include "base/strv.h"
#include "base/walk.h"

/* How often in turn a directory is looked through again that was not empty in the end. */
#define REMOVE_AGAIN_MAX 64

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

int fs_is_there(int dir_fd, const char *path, bool *ret, Error *reterr) {
        struct stat st;

        *ret = fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) >= 0;
        return *ret || errno == ENOENT || errno == ENOTDIR ? 0
                                                           : error_set(reterr, errno, "look at '%s'", path);
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

int fs_write_all(int fd, const void *data, size_t size) {
        const char *p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t) n;
        }
        return 0;
}

static int replace_file(int dir_fd, const char *name, const char *text, size_t size, mode_t mode,
                        bool durable, Error *reterr) {
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

        r = fs_write_all(fd, text, size);
        if (r >= 0 && durable && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, temporary, 0);
                return error_set(reterr, r, "write '%s'", name);
        }
        return 0;
}

int fs_write_atomic(int dir_fd, const char *name, const char *text, size_t size, mode_t mode,
                    Error *reterr) {
        return replace_file(dir_fd, name, text, size, mode, /* durable= */ true, reterr);
}

int fs_write_fleeting(int dir_fd, const char *name, const char *text, size_t size, mode_t mode,
                      Error *reterr) {
        return replace_file(dir_fd, name, text, size, mode, /* durable= */ false, reterr);
}

int fs_replace_link(int dir_fd, const char *name, const char *target, Error *reterr) {
        _cleanup_free_ char *temporary = xasprintf(".%s.new", name);
        char old[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, name, old, sizeof(old));

        if (n >= 0 && (size_t) n == strlen(target) && memcmp(old, target, (size_t) n) == 0)
                return 0;
        if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove stale '%s'", temporary);
        if (symlinkat(target, dir_fd, temporary) < 0)
                return error_set(reterr, errno, "make the link '%s'", name);
        if (renameat(dir_fd, temporary, dir_fd, name) < 0) {
                int r = error_set(reterr, errno, "make the link '%s'", name);

                (void) unlinkat(dir_fd, temporary, 0);
                return r;
        }
        return 0;
}

int fs_rename_new(int from_fd, const char *from, int to_fd, const char *to) {
        struct stat st;

        if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) >= 0)
                return 0;
        /* EINVAL also says that a directory was to be moved below itself, and will say so again. */
        if (errno != EINVAL)
                return -errno;
        if (fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return -EEXIST;
        if (errno != ENOENT)
                return -errno;
        return renameat(from_fd, from, to_fd, to) < 0 ? -errno : 0;
}

/* Neither of them may be removed, nor what lies in such a directory. */
static bool clear_flags(int fd) {
        int flags;

        if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
                return false;
        flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
        return ioctl(fd, FS_IOC_SETFLAGS, &flags) >= 0;
}

bool fs_clear_flags(int dir_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        /* Only what can have a flag: to open a device has effects. */
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
                return clear_flags(dir_fd);
        fd = walk_open(dir_fd, name, /* flags= */ 0);
        /* Both, whatever the first says. */
        return (int) clear_flags(dir_fd) | (int) (fd >= 0 && clear_flags(fd));
}

typedef struct Removal {
        FsRemoveWatch watch;
        void *userdata;
        uint64_t n;       /* of what has been removed */
        unsigned n_again; /* how often a directory was not empty at its end, one after another */
} Removal;

static int removal_count(Removal *removal) {
        removal->n++;
        removal->n_again = 0;
        return !removal->watch || removal->watch(removal->n, removal->userdata) ? 0 : -EINTR;
}

/* Return: 0 or a negative errno. */
static int remove_name(int dir_fd, const char *name, int flags) {
        if (unlinkat(dir_fd, name, flags) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EPERM || !fs_clear_flags(dir_fd, name))
                return -errno;
        return unlinkat(dir_fd, name, flags) < 0 && errno != ENOENT ? -errno : 0;
}

static bool remove_sees_directory(int dir_fd, const char *name) {
        struct stat st;

        return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode);
}

static int remove_on_entry(int dir_fd, const struct dirent *entry, void *userdata) {
        int r;

        if (entry->d_type == DT_DIR ||
            (entry->d_type == DT_UNKNOWN && remove_sees_directory(dir_fd, entry->d_name)))
                return WALK_ENTER;
        r = remove_name(dir_fd, entry->d_name, 0);
        return r < 0 ? r : removal_count(userdata);
}

/* What reads a directory while it removes may miss entries on some file systems, and another process may put
 * more there. */
static int remove_on_leave(int dir_fd, const char *name, void *userdata) {
        Removal *removal = userdata;
        int r = remove_name(dir_fd, name, AT_REMOVEDIR);

        if (r == -ENOTEMPTY && removal->n_again++ < REMOVE_AGAIN_MAX)
                return WALK_ENTER;
        return r < 0 ? r : removal_count(removal);
}

static int remove_entry(int dir_fd, const char *name, Removal *removal) {
        static const WalkVisitor visitor = {.entry = remove_on_entry, .leave = remove_on_leave};
        int r;

        do {
                _cleanup_close_ int fd = walk_open(dir_fd, name, O_DIRECTORY);

                if (fd < 0 && errno == ENOENT)
                        return 0;
                if (fd < 0 && errno == EXDEV)
                        return -EBUSY;
                if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
                        return remove_name(dir_fd, name, 0);
                if (fd < 0)
                        return -errno;
                r = walk_below(fd, &visitor, removal);
                if (r >= 0)
                        r = remove_on_leave(dir_fd, name, removal);
        } while (r == WALK_ENTER);
        return r;
}

int fs_remove_tree_watched(int dir_fd, const char *name, FsRemoveWatch watch, void *userdata,
                           Error *reterr) {
        Removal removal = {.watch = watch, .userdata = userdata};
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

        r = remove_entry(parent_fd, slash ? slash + 1 : parent, &removal);
        if (r == -EBUSY)
                return error_raise(reterr, FC_EXIT_CONFLICT, "remove '%s': something is mounted below it",
                                   name);
        if (r == -EINTR)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted while removing '%s'", name);
        if (r < 0)
                return error_set(reterr, r, "remove '%s'", name);
        return 0;
}

int fs_remove_tree(int dir_fd, const char *name, Error *reterr) {
        return fs_remove_tree_watched(dir_fd, name, NULL, NULL, reterr);
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

int fs_make_directory(int dir_fd, const char *name, Error *reterr) {
        if (mkdirat(dir_fd, name, 0700) < 0)
                return error_set(reterr, errno, "make '%s'", name);
        return fs_open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY, 0, reterr);
}

int fs_list(int dir_fd, char ***ret) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_(closedirp) DIR *d = NULL;
        int fd = fs_open_beneath(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0, NULL);

        if (fd < 0)
                return fd;
        d = fdopendir(fd);
        if (!d) {
                int r = -errno;

                (void) safe_close(fd);
                return r;
        }
        for (;;) {
                const struct dirent *entry;

                errno = 0;
                entry = readdir(d);
                if (!entry && errno != 0)
                        return -errno;
                if (!entry)
                        break;
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
                        strv_push(&names, entry->d_name);
        }
        *ret = TAKE_PTR(names);
        return 0;
}

int fs_fd_path(int fd, const char *what, char **ret, Error *reterr) {
        char proc[FS_PROC_FD_MAX], path[PATH_MAX];
        ssize_t n = readlink(fs_proc_fd(proc, fd), path, sizeof(path));

        if (n < 0)
                return error_set(reterr, errno, "find %s", what);
        *ret = xstrndup(path, (size_t) n);
        return 0;
}
