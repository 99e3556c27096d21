/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "base/own-cgroup.h"
#include "net/netns.h"

#define OWN "/proc/self/ns/net"

/* How often the file may vanish under us (another process removes the namespace) before we say so. */
#define MAKE_TRIES 5

static char *netns_path(const char *name) {
        return xasprintf(NETNS_DIR "/%s", name);
}

/* Without a mount on it the file is an empty one: a process was killed before that, or is about to. */
static bool is_netns(int fd) {
        struct statfs st;

        return fstatfs(fd, &st) >= 0 && st.f_type == NSFS_MAGIC && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

static bool is_same_file(int a, int b) {
        struct stat first, second;

        return fstat(a, &first) >= 0 && fstat(b, &second) >= 0 && first.st_dev == second.st_dev &&
               first.st_ino == second.st_ino;
}

/* Whether a process is in our user namespace. One that has entered a guest's never comes back from it. */
static bool is_of_ours(int proc_fd) {
        struct stat own, its;

        return stat("/proc/self/ns/user", &own) >= 0 && fstatat(proc_fd, "ns/user", &its, 0) >= 0 &&
               own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

/* What is looked for with another process. */
typedef struct Adoption {
        const char *name;
        int own_fd; /* of NETNS_DIR */
        int fd;     /* what was found */
} Adoption;

/* A companion may have entered a guest, or changed to its root, where the guest's root decides what is at
 * this path: only the directory that is ours, too, counts, and, looked at last, a process that has not
 * entered one. */
static bool has_mounted(pid_t pid, void *data) {
        _cleanup_free_ char *proc = xasprintf("/proc/%d", (int) pid);
        _cleanup_close_ int proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC),
                            root_fd = proc_fd < 0
                                              ? -EBADF
                                              : openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC),
                            dir_fd = -EBADF, fd = -EBADF;
        Adoption *a = data;

        if (root_fd < 0)
                return false;
        dir_fd = fs_open_beneath(root_fd, &NETNS_DIR[1], O_PATH | O_DIRECTORY, 0, NULL);
        if (dir_fd < 0 || !is_same_file(dir_fd, a->own_fd))
                return false;
        fd = fs_open_beneath(dir_fd, a->name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, NULL);
        if (fd < 0 || !is_netns(fd) || !is_of_ours(proc_fd))
                return false;
        a->fd = TAKE_FD(fd);
        return true;
}

/* Without root each process has mounts of its own. What another has mounted on the file is mounted on ours
 * as well. Return: the namespace; -EBADF: there is none. */
static int adopt(const char *name, const char *path) {
        _cleanup_close_ int base = -EBADF, own_fd = -EBADF, fd = -EBADF;
        Adoption adoption = {.name = name, .fd = -EBADF};
        char source[FS_PROC_FD_MAX];

        if (!host_socket_is_brokered())
                return -EBADF;
        base = open(CGROUP_MOUNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        own_fd = adoption.own_fd = open(NETNS_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (base < 0 || own_fd < 0 || companions_find(base, has_mounted, &adoption) <= 0)
                return -EBADF;
        fd = adoption.fd;
        return mount(fs_proc_fd(source, fd), path, NULL, MS_BIND, NULL) < 0 ? -EBADF : TAKE_FD(fd);
}

int netns_open(const char *name, int *ret_fd, Error *reterr) {
        _cleanup_free_ char *path = netns_path(name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", path);
        *ret_fd = fd < 0 ? -EBADF : is_netns(fd) ? TAKE_FD(fd) : adopt(name, path);
        return 0;
}

int netns_enter(int fd, Error *reterr) {
        _cleanup_close_ int back = open(OWN, O_RDONLY | O_CLOEXEC);

        if (back < 0 || setns(fd, CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "enter a network namespace");
        return TAKE_FD(back);
}

void netns_leave(int fd) {
        if (setns(fd, CLONE_NEWNET) < 0)
                abort();
        (void) safe_close(fd);
}

/* Mounts a new one on the file and goes back. @file: open, so that it is this one, whatever has its name.
 * Return: 1, 0 when it has no name any more, or a negative errno. */
static int mount_new(int file, const char *path, Error *reterr) {
        _cleanup_free_ char *target = xasprintf("/proc/self/fd/%d", file);
        _cleanup_close_ int back = open(OWN, O_RDONLY | O_CLOEXEC);
        int r = 1;

        if (back < 0 || unshare(CLONE_NEWNET) < 0)
                return error_set(reterr, errno, "make a network namespace");
        if (mount(OWN, target, NULL, MS_BIND, NULL) < 0)
                r = errno == ENOENT ? 0
                                    : error_set(reterr, errno, "mount a network namespace on '%s'", path);
        netns_leave(TAKE_FD(back));
        return r;
}

/* @file: without a mount. Return: 1 a namespace is mounted on the file of that name, 0 the file has gone. */
static int make_on(int file, const char *name, const char *path, Error *reterr) {
        _cleanup_free_ char *what = xasprintf("'%s'", path);
        _cleanup_close_ int now = -EBADF, adopted = -EBADF;
        int r = file_lock_take(file, LOCK_EX, what, reterr);

        if (r < 0)
                return r;
        now = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (now < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", path);
        if (now >= 0 && is_netns(now))
                return 1;
        if (now < 0 || !is_same_file(file, now))
                return 0;
        adopted = adopt(name, path);
        return adopted >= 0 ? 1 : mount_new(file, path, reterr);
}

int netns_make(const char *name, Error *reterr) {
        _cleanup_free_ char *path = netns_path(name);

        for (unsigned i = 0; i < MAKE_TRIES; i++) {
                _cleanup_close_ int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
                int r;

                if (file < 0 && errno != ENOENT)
                        return error_set(reterr, errno, "open '%s'", path);
                if (file >= 0 && is_netns(file))
                        return TAKE_FD(file);
                if (file < 0) {
                        if (mkdir(NETNS_DIR, 0700) < 0 && errno != EEXIST)
                                return error_set(reterr, errno, "make '" NETNS_DIR "'");
                        file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                        if (file < 0 && errno != EEXIST && errno != ENOENT)
                                return error_set(reterr, errno, "make '%s'", path);
                        if (file < 0)
                                continue;
                }
                r = make_on(file, name, path, reterr);
                if (r < 0)
                        return r;
        }
        return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is removed by another process again and again",
                           path);
}

int netns_remove(const char *name, bool *ret_removed, Error *reterr) {
        _cleanup_free_ char *path = netns_path(name);

        *ret_removed = false;
        while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) >= 0)
                *ret_removed = true;
        if (errno != EINVAL && errno != ENOENT)
                return error_set(reterr, errno, "unmount '%s'", path);
        /* With the file go the mounts on it in all other mount namespaces: that of a supervisor is not the
         * host's. */
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '%s'", path);
        (void) rmdir(NETNS_DIR);
        return 0;
}

int netns_list(char ***ret, Error *reterr) {
        _cleanup_close_ int fd = open(NETNS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char **names = NULL;
        int r;

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '" NETNS_DIR "'");
        r = fd >= 0 ? fs_list(fd, &names) : 0;
        if (r < 0)
                return error_set(reterr, r, "list '" NETNS_DIR "'");
        *ret = names;
        return 0;
}
