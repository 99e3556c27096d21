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
#include "rootfs/made-files.h"
#include "rootfs/mounts.h"

#define CREDENTIAL_MAX ((size_t) 1 << 20) /* systemd's limit */

/* A detached mount, and where it belongs inside. */
typedef struct Piece {
        int fd;
        const char *target;
} Piece;

/* Each behind what it lies in. */
typedef struct Pieces {
        Piece *items;
        size_t n;
} Pieces;

static void pieces_done(Pieces *p) {
        for (size_t i = 0; i < p->n; i++)
                (void) safe_close(p->items[i].fd);
        free(p->items);
}

/* @fd: taken; or the error of opening it. */
static int pieces_add(Pieces *p, int fd, const char *target) {
        if (fd >= 0)
                *XGROW(p->items, p->n) = (Piece){fd, target};
        return fd;
}

static int read_credential(int directory_fd, const CellCredential *c, Error *reterr) {
        _cleanup_close_ int fd = open(c->source, O_RDONLY | O_NOCTTY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", c->source);
        r = fs_read_fd(fd, c->source, CREDENTIAL_MAX, &text, &size, reterr);
        return r < 0 ? r : made_files_add(directory_fd, c->id, text, size, 0400, reterr);
}

/* Copies: by the file itself a guest would see what becomes of it, and could hold up who writes to it. */
static int pieces_add_credentials(Pieces *p, const CellCredentials *credentials, Error *reterr) {
        int fd, r;

        if (credentials->n == 0)
                return 0;
        fd = made_files_mount(reterr);
        r = pieces_add(p, fd, TREE_CREDENTIALS);
        for (size_t i = 0; r >= 0 && i < credentials->n; i++)
                r = read_credential(fd, &credentials->items[i], reterr);
        return r < 0 ? r : mount_set_read_only(fd, reterr);
}

/* What every guest has, in this order. */
static const struct {
        const char *kind; /* of a new file system; NULL: what the host has at that path */
        const char *path, *mode, *size;
        unsigned attributes;
        bool if_there,
                if_of_host; /* left out where the host has none, where the network is the guest's own */
} own_pieces[] = {
        /* Another sysfs needs a network namespace of one's own. */
        {NULL, "/sys", .attributes = MOUNT_ATTR_RDONLY, .if_of_host = true},
        {"tmpfs", "/sys/fs/cgroup", "0755", "4k", TREE_NOTHING, .if_of_host = true},
        {"tmpfs", "/dev", "0755", "4m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME},
        /* No user can make a node, so they are the host's. */
        {NULL, "/dev/null"},
        {NULL, "/dev/zero"},
        {NULL, "/dev/full"},
        {NULL, "/dev/random"},
        {NULL, "/dev/urandom"},
        {NULL, "/dev/tty"},
        {NULL, "/dev/net/tun", .if_there = true},
        {"tmpfs", "/dev/shm", "1777", "10%", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
        {"tmpfs", "/tmp", "1777", "10%", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
        {"tmpfs", "/run", "0755", "20%", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV},
        /* While others of them are in sight, as the guest's will be by these. */
        {"proc", TREE_PROC, .attributes = TREE_NOTHING},
        {"sysfs", TREE_SYSFS, .attributes = TREE_NOTHING},
};

static int pieces_add_own(Pieces *p, const CellOptions *o, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(own_pieces); i++) {
                typeof(own_pieces[0]) *own = &own_pieces[i];
                const MountOption options[] = {{"mode", own->mode}, {"size", own->size}};

                if ((own->if_of_host && o->private_network) ||
                    (own->if_there && access(own->path, F_OK) < 0 && errno == ENOENT))
                        continue;
                r = own->kind ? mount_make(own->kind, options, ELEMENTSOF(options), own->attributes, reterr)
                              : mount_clone_path(own->path, /* recursive= */ true, own->attributes, reterr);
                r = pieces_add(p, r, own->path);
        }
        return r < 0 ? r : pieces_add_credentials(p, &o->credentials, reterr);
}

static int pieces_add_mounts(Pieces *p, const CellMounts *mounts, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < mounts->n; i++) {
                const CellMount *m = &mounts->items[i];

                r = mount_clone_path(m->source, /* recursive= */ true, m->read_only ? MOUNT_ATTR_RDONLY : 0,
                                     reterr);
                r = pieces_add(p, r, m->target);
        }
        return r;
}

static int tree_make_point(const char *path, bool directory, Error *reterr) {
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

/* Makes the places as well. */
static int pieces_attach(const Pieces *p, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n; i++) {
                struct stat st;

                if (fstat(p->items[i].fd, &st) < 0)
                        return error_set(reterr, errno, "look at what belongs at '%s'", p->items[i].target);
                r = tree_make_point(p->items[i].target, S_ISDIR(st.st_mode), reterr);
                if (r >= 0)
                        r = mount_attach(p->items[i].fd, p->items[i].target, reterr);
        }
        return r;
}

int tree_write(const char *path, const char *text, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
        int r = fd < 0 ? -errno : fs_write_all(fd, text, strlen(text));

        return r < 0 ? error_set(reterr, r, "write '%s' in the container", path) : 0;
}

/* What else there is, mostly in what was attached. */
static int tree_fill(Error *reterr) {
        static const char *const points[] = {"/proc", "/sys", "/dev/pts", "/dev/mqueue"};
        static const char *const links[][2] = {
                {"/proc/self/fd", "/dev/fd"},       {"/proc/self/fd/0", "/dev/stdin"},
                {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
                {"pts/ptmx", "/dev/ptmx"},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(points); i++)
                r = tree_make_point(points[i], /* directory= */ true, reterr);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++)
                if (symlink(links[i][0], links[i][1]) < 0)
                        r = error_set(reterr, errno, "make '%s' in the container", links[i][1]);
        return r < 0 ? r : tree_write("/run/host/container-manager", "systemd-nspawn", reterr);
}

static int change_root(const char *directory, Error *reterr) {
        if (mount(directory, directory, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(directory) < 0)
                return error_set(reterr, errno, "enter '%s'", directory);
        if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return error_set(reterr, errno, "make '%s' the root", directory);
        return 0;
}

int tree_enter(const CellOptions *o, Error *reterr) {
        _cleanup_(pieces_done) Pieces own = {}, mounts = {};
        int r;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make a mount namespace");
        /* All of it is opened while paths still are the host's. */
        r = pieces_add_own(&own, o, reterr);
        if (r >= 0)
                r = pieces_add_mounts(&mounts, &o->mounts, reterr);
        if (r >= 0)
                r = change_root(o->directory, reterr);
        if (r >= 0)
                r = pieces_attach(&own, reterr);
        if (r >= 0)
                r = tree_fill(reterr);
        if (r >= 0)
                r = pieces_attach(&mounts, reterr);
        if (r >= 0 && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                r = error_set(reterr, errno, "share the container's mounts with its namespace");
        return r;
}

int tree_hide_sights(Error *reterr) {
        if (umount2(TREE_PROC, MNT_DETACH) < 0 || umount2(TREE_SYSFS, MNT_DETACH) < 0)
                return error_set(reterr, errno, "hide /proc and /sys of the host");
        /* Of no use, and in nothing's way. */
        (void) rmdir(TREE_PROC);
        (void) rmdir(TREE_SYSFS);
        return 0;
}
