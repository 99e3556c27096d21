/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "cell/tree.h"
#include "rootfs/mounts.h"

#define NOTHING        (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define CREDENTIAL_MAX ((size_t) 1 << 20) /* systemd's limit */

/* Bound from the host: no user can make another node. /dev/net/tun only where the host has it. */
static const char *const nodes[] = {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/net/tun",
};

/* All of it is opened while paths still are the host's. */
typedef struct Sources {
        int nodes[ELEMENTSOF(nodes)];
        int proc, sysfs; /* for the kernel to see */
        int sys;         /* of a guest without a network of its own: the host's; else -EBADF */
        int *mounts;     /* -EBADF: an empty one */
        char **credentials;
        size_t *credential_sizes;
        const CellOptions *options;
} Sources;

static void tree_sources_done(Sources *s) {
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                (void) safe_close(s->nodes[i]);
        for (size_t i = 0; s->mounts && i < s->options->mounts.n; i++)
                (void) safe_close(s->mounts[i]);
        for (size_t i = 0; s->credentials && i < s->options->credentials.n; i++)
                free(s->credentials[i]);
        (void) safe_close(s->proc);
        (void) safe_close(s->sysfs);
        (void) safe_close(s->sys);
        free(s->mounts);
        free(s->credentials);
        free(s->credential_sizes);
}

/* Return: a detached copy of what is at a path of the host. */
static int clone_source(const char *path, bool read_only, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC), tree = -EBADF;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        tree = mount_clone(fd, /* recursive= */ true, reterr);
        r = tree;
        if (r >= 0 && read_only)
                r = mount_set_read_only(tree, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", path) : TAKE_FD(tree);
}

static int open_credentials(Sources *s, Error *reterr) {
        const CellCredentials *credentials = &s->options->credentials;

        s->credentials = xnew0(char *, credentials->n);
        s->credential_sizes = xnew0(size_t, credentials->n);
        for (size_t i = 0; i < credentials->n; i++) {
                const char *source = credentials->items[i].source;
                _cleanup_close_ int fd = open(source, O_RDONLY | O_NOCTTY | O_CLOEXEC);
                int r;

                if (fd < 0)
                        return error_set(reterr, errno, "open '%s'", source);
                r = fs_read_fd(fd, source, CREDENTIAL_MAX, &s->credentials[i], &s->credential_sizes[i],
                               reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_nodes(Sources *s, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(nodes); i++) {
                if (access(nodes[i], F_OK) < 0 && errno == ENOENT && streq(nodes[i], "/dev/net/tun"))
                        continue;
                s->nodes[i] = clone_source(nodes[i], /* read_only= */ false, reterr);
                if (s->nodes[i] < 0)
                        return s->nodes[i];
        }
        return 0;
}

static int tree_sources_open(Sources *s, Error *reterr) {
        const CellMounts *mounts = &s->options->mounts;
        int r;

        s->mounts = xnew0(int, mounts->n);
        for (size_t i = 0; i < mounts->n; i++)
                s->mounts[i] = -EBADF;
        for (size_t i = 0; i < mounts->n; i++) {
                if (!mounts->items[i].source)
                        continue;
                s->mounts[i] = clone_source(mounts->items[i].source, mounts->items[i].read_only, reterr);
                if (s->mounts[i] < 0)
                        return s->mounts[i];
        }
        /* While others of them are in sight, as the guest's will be by these. */
        s->proc = mount_make("proc", NULL, 0, NOTHING, reterr);
        if (s->proc < 0)
                return s->proc;
        s->sysfs = mount_make("sysfs", NULL, 0, NOTHING, reterr);
        if (s->sysfs < 0)
                return s->sysfs;
        /* Another sysfs needs a network namespace of one's own. */
        s->sys = s->options->private_network ? -EBADF : clone_source("/sys", /* read_only= */ true, reterr);
        if (s->sys < 0 && !s->options->private_network)
                return s->sys;
        r = open_nodes(s, reterr);
        return r < 0 ? r : open_credentials(s, reterr);
}

int tree_make_point(const char *path, bool directory, Error *reterr) {
        _cleanup_free_ char *copy = xstrdup(path);
        struct stat st;

        for (char *slash = copy; (slash = strchr(slash + 1, '/'));) {
                *slash = '\0';
                if (mkdir(copy, 0755) < 0 && errno != EEXIST)
                        return error_set(reterr, errno, "make '%s' in the container", copy);
                *slash = '/';
        }
        /* Not opened: it may be a FIFO, or a device. */
        if (stat(path, &st) >= 0)
                return 0;
        if (directory ? mkdir(path, 0755) < 0 : mknod(path, S_IFREG | 0644, 0) < 0)
                return error_set(reterr, errno, "make '%s' in the container", path);
        return 0;
}

/* Makes the place as well. */
static int attach_source(int fd, const char *path, Error *reterr) {
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at what belongs at '%s'", path);
        r = tree_make_point(path, S_ISDIR(st.st_mode), reterr);
        return r < 0 ? r : mount_attach(fd, path, reterr);
}

/* A new file system in memory. @mode and @size: NULL: the kernel's. */
static int attach_tmpfs(const char *path, const char *mode, const char *size, unsigned attributes,
                        Error *reterr) {
        const MountOption options[] = {{"mode", mode}, {"size", size}};
        _cleanup_close_ int fd = mount_make("tmpfs", options, ELEMENTSOF(options), attributes, reterr);

        return fd < 0 ? fd : attach_source(fd, path, reterr);
}

int tree_write(const char *path, const char *text, mode_t mode, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        int r = fd < 0 ? -errno : fs_write_all(fd, text, strlen(text));

        return r < 0 ? error_set(reterr, r, "write '%s' in the container", path) : 0;
}

static int tree_make_devices(const Sources *s, Error *reterr) {
        static const char *const links[][2] = {
                {"/proc/self/fd", "/dev/fd"},       {"/proc/self/fd/0", "/dev/stdin"},
                {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
                {"pts/ptmx", "/dev/ptmx"},
        };
        int r;

        r = attach_tmpfs("/dev", "0755", "4m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, reterr);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(nodes); i++)
                if (s->nodes[i] >= 0)
                        r = attach_source(s->nodes[i], nodes[i], reterr);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++)
                if (symlink(links[i][0], links[i][1]) < 0)
                        r = error_set(reterr, errno, "make '%s' in the container", links[i][1]);
        if (r >= 0)
                r = attach_tmpfs("/dev/shm", "1777", "10%", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, reterr);
        if (r >= 0)
                r = tree_make_point("/dev/pts", /* directory= */ true, reterr);
        return r < 0 ? r : tree_make_point("/dev/mqueue", /* directory= */ true, reterr);
}

/* On no disk, and not to be changed. */
static int make_credentials(const Sources *s, Error *reterr) {
        const CellCredentials *credentials = &s->options->credentials;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (credentials->n == 0)
                return 0;
        fd = mount_make("ramfs", &(MountOption){"mode", "0500"}, 1, NOTHING, reterr);
        if (fd < 0)
                return fd;
        for (size_t i = 0; i < credentials->n; i++) {
                const char *id = credentials->items[i].id;
                _cleanup_close_ int file = openat(fd, id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

                r = file < 0 ? -errno : fs_write_all(file, s->credentials[i], s->credential_sizes[i]);
                if (r < 0)
                        return error_set(reterr, r, "write credential '%s'", id);
        }
        r = mount_set_read_only(fd, reterr);
        return r < 0 ? r : attach_source(fd, TREE_CREDENTIALS, reterr);
}

static int make_run(const Sources *s, Error *reterr) {
        int r;

        r = attach_tmpfs("/run", "0755", "20%", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, reterr);
        if (r >= 0)
                r = tree_make_point("/run/host", /* directory= */ true, reterr);
        if (r >= 0)
                r = tree_write("/run/host/container-manager", "systemd-nspawn", 0444, reterr);
        if (r >= 0)
                r = make_credentials(s, reterr);
        if (r >= 0)
                r = attach_source(s->proc, TREE_PROC, reterr);
        return r < 0 ? r : attach_source(s->sysfs, TREE_SYSFS, reterr);
}

/* What the guest's own /sys will lie over, or what it has. */
static int make_sys(const Sources *s, Error *reterr) {
        int r;

        if (s->sys < 0)
                return tree_make_point("/sys", /* directory= */ true, reterr);
        r = attach_source(s->sys, "/sys", reterr);
        return r < 0 ? r : attach_tmpfs("/sys/fs/cgroup", "0755", "4k", NOTHING, reterr);
}

static int tree_make_mounts(const Sources *s, Error *reterr) {
        const CellMounts *mounts = &s->options->mounts;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < mounts->n; i++) {
                const char *target = mounts->items[i].target;

                r = s->mounts[i] >= 0
                            ? attach_source(s->mounts[i], target, reterr)
                            : attach_tmpfs(target, "0555", "4k", NOTHING | MOUNT_ATTR_RDONLY, reterr);
        }
        return r;
}

static int tree_fill(const Sources *s, Error *reterr) {
        int r;

        r = tree_make_point("/proc", /* directory= */ true, reterr);
        if (r >= 0)
                r = make_sys(s, reterr);
        if (r >= 0)
                r = tree_make_devices(s, reterr);
        if (r >= 0)
                r = make_run(s, reterr);
        if (r >= 0)
                r = attach_tmpfs("/tmp", "1777", "10%", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, reterr);
        return r < 0 ? r : tree_make_mounts(s, reterr);
}

static int change_root(const char *directory, Error *reterr) {
        if (mount(directory, directory, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(directory) < 0)
                return error_set(reterr, errno, "enter '%s'", directory);
        if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return error_set(reterr, errno, "make '%s' the root", directory);
        return 0;
}

int tree_enter(const CellOptions *o, Error *reterr) {
        _cleanup_(tree_sources_done)
                Sources s = {.proc = -EBADF, .sysfs = -EBADF, .sys = -EBADF, .options = o};
        int r;

        for (size_t i = 0; i < ELEMENTSOF(nodes); i++)
                s.nodes[i] = -EBADF;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make a mount namespace");
        r = tree_sources_open(&s, reterr);
        if (r >= 0)
                r = change_root(o->directory, reterr);
        if (r >= 0)
                r = tree_fill(&s, reterr);
        if (r < 0)
                return r;
        if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                return error_set(reterr, errno, "share the container's mounts with its namespace");
        return 0;
}

int tree_hide_sights(Error *reterr) {
        if (umount2(TREE_PROC, MNT_DETACH) < 0 || umount2(TREE_SYSFS, MNT_DETACH) < 0)
                return error_set(reterr, errno, "hide /proc and /sys of the host");
        /* Of no use, and in nothing's way. */
        (void) rmdir(TREE_PROC);
        (void) rmdir(TREE_SYSFS);
        return 0;
}
