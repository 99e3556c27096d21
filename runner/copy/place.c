/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/in-root.h"
#include "base/library.h"
#include "base/privilege.h"
#include "copy/place.h"

/* All that root needs to read, make and give away files. */
#define KEPT                                                                                                \
        (PRIVILEGE(CHOWN) | PRIVILEGE(DAC_OVERRIDE) | PRIVILEGE(DAC_READ_SEARCH) | PRIVILEGE(FOWNER) |      \
         PRIVILEGE(FSETID))

static int place_become_user(const InvokingUser *user) {
        if (geteuid() != 0 || user->uid == 0)
                return 0;
        if (setgroups(user->n_groups > 0 ? user->n_groups : 1,
                      user->n_groups > 0 ? user->groups : &user->gid) < 0 ||
            setresgid(user->gid, user->gid, user->gid) < 0 || setresuid(user->uid, user->uid, user->uid) < 0)
                return -errno;
        return 0;
}

int copy_place_enter(const CopyPlace *place) {
        int r;

        switch (place->kind) {
        case COPY_HOST:
                return place_become_user(&place->user);
        case COPY_RUNNING:
                r = enter_join(place->target, CLONE_NEWNS);
                if (r >= 0)
                        r = privilege_become_root();
                break;
        case COPY_STOPPED:
                library_seal();
                r = fchdir(place->fd) < 0 || chroot(".") < 0 ? -errno : 0;
                break;
        default:
                return 0;
        }
        (void) umask(0);
        return r < 0 ? r : privilege_keep(KEPT);
}

static int raise_missing(const CopyPlace *place, int r, Error *reterr) {
        if (r == -ENOENT)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' does not exist", place->text);
        if (r == -ENOTDIR)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' is, or goes through, what is not a directory", place->text);
        return error_set(reterr, r, "open '%s'", place->text);
}

/* The process has the container's root for its own. */
static int open_inside(const CopyPlace *place, const char *path, int flags) {
        _cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        (void) place;
        return root_fd < 0 ? -errno : root_open(root_fd, path, flags);
}

static bool is_copied(const struct stat *st) {
        return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

int copy_place_open_source(const CopyPlace *place, Error *reterr) {
        _cleanup_close_ int path_fd = -EBADF, fd = -EBADF;
        int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        char proc[FS_PROC_FD_MAX];
        struct stat st;

        /* Looked at before it is opened, which can do something to a device. */
        path_fd = place->kind == COPY_HOST ? fcntl(place->fd, F_DUPFD_CLOEXEC, 3)
                                           : open_inside(place, place->path, O_PATH);
        if (path_fd < 0)
                return raise_missing(place, path_fd == -1 ? -errno : path_fd, reterr);
        if (fstat(path_fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", place->text);
        if (is_copied(&st))
                fd = place->kind == COPY_HOST ? open(fs_proc_fd(proc, path_fd), flags)
                                              : open_inside(place, place->path, flags);
        if (is_copied(&st) && fd < 0)
                return raise_missing(place, place->kind == COPY_HOST ? -errno : fd, reterr);
        /* In a container another file may be there by now. */
        if (fd < 0 || fstat(fd, &st) < 0 || !is_copied(&st))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is neither a file nor a directory",
                                   place->text);
        return TAKE_FD(fd);
}

bool copy_path_split(const char *path, char **ret_directory, char **ret_name) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

        if (!name[0] || streq(name, ".") || streq(name, ".."))
                return false;
        *ret_directory = !slash          ? xstrdup(".")
                         : slash == path ? xstrdup("/")
                                         : xstrndup(path, (size_t) (slash - path));
        *ret_name = xstrdup(name);
        return true;
}

char *copy_path_name(const char *path) {
        _cleanup_free_ char *copy = xstrdup(path), *directory = NULL;
        char *name = NULL;

        for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
                copy[n - 1] = '\0';
        return copy_path_split(copy, &directory, &name) ? name : NULL;
}

static int open_container_target(const CopyPlace *place, const char *source, char **ret_name,
                                 Error *reterr) {
        _cleanup_free_ char *directory = NULL, *name = NULL;
        int flags = O_PATH | O_DIRECTORY, fd;

        fd = open_inside(place, place->path, flags);
        if (fd >= 0) {
                *ret_name = source ? xstrdup(source) : NULL;
                return fd;
        }
        if ((fd != -ENOENT && fd != -ENOTDIR) || !source || !copy_path_split(place->path, &directory, &name))
                return raise_missing(place, fd, reterr);
        fd = open_inside(place, directory, flags);
        if (fd < 0)
                return raise_missing(place, fd, reterr);
        *ret_name = TAKE_PTR(name);
        return fd;
}

int copy_place_open_target(const CopyPlace *place, const char *source, char **ret_name, Error *reterr) {
        int fd;

        if (place->kind != COPY_HOST)
                return open_container_target(place, source, ret_name, reterr);
        fd = fcntl(place->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", place->text);
        *ret_name = place->name ? xstrdup(place->name) : source ? xstrdup(source) : NULL;
        return fd;
}
