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
#include "base/uuid.h"
#include "cell/tree.h"
#include "rootfs/made-files.h"
#include "rootfs/mounts.h"

#define CREDENTIAL_MAX ((size_t) 1 << 20) /* systemd's limit */

/* Attributes of mounts in which there are no programs. */
#define NOTHING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* As TREE_PROC. */
#define SYSFS   "/run/host/.sysfs"
#define BOOT_ID "/run/host/.boot-id"

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

/* When it is opened; what is opened at one time is attached after all of it, in the order of the table. */
typedef enum Moment {
        OUTSIDE, /* while paths are the host's */
        INSIDE,  /* in the guest's namespaces */
        AT_LAST, /* there, when that is attached */
} Moment;

/* What every guest has. */
static const struct Own {
        Moment moment;
        const char *kind; /* of a new file system; NULL: what there is at @source */
        const char *path;
        unsigned attributes;
        MountOption options[3]; /* of the new one */
        const char *source;     /* NULL: @path */
        bool if_there;
        enum { EITHER, OF_HOST, OF_GUEST } network; /* left out where that is another one's */
} own_pieces[] = {
        /* clang-format off */
        /* Another sysfs needs power over the network. */
        {OUTSIDE, NULL, "/sys", MOUNT_ATTR_RDONLY, .network = OF_HOST},
        {OUTSIDE, "tmpfs", "/sys/fs/cgroup", NOTHING, {{"mode", "0755"}, {"size", "4k"}}, .network = OF_HOST},
        {OUTSIDE, "tmpfs", "/dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, {{"mode", "0755"}, {"size", "4m"}}},
        /* No user can make a node, so they are the host's. By tun the user's taps there could be had. */
        {OUTSIDE, NULL, "/dev/null"},
        {OUTSIDE, NULL, "/dev/zero"},
        {OUTSIDE, NULL, "/dev/full"},
        {OUTSIDE, NULL, "/dev/random"},
        {OUTSIDE, NULL, "/dev/urandom"},
        {OUTSIDE, NULL, "/dev/tty"},
        {OUTSIDE, NULL, "/dev/net/tun", .if_there = true, .network = OF_GUEST},
        {OUTSIDE, "tmpfs", "/dev/shm", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, {{"mode", "1777"}, {"size", "10%"}}},
        {OUTSIDE, "tmpfs", "/tmp", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, {{"mode", "1777"}, {"size", "10%"}}},
        {OUTSIDE, "tmpfs", "/run", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, {{"mode", "0755"}, {"size", "20%"}}},
        /* While others of them are in sight, as the guest's will be by these. */
        {OUTSIDE, "proc", TREE_PROC, NOTHING},
        {OUTSIDE, "sysfs", SYSFS, NOTHING, .network = OF_GUEST},

        {INSIDE, "proc", "/proc", NOTHING},
        {INSIDE, "sysfs", "/sys", NOTHING | MOUNT_ATTR_RDONLY, .network = OF_GUEST},
        {INSIDE, "cgroup2", "/sys/fs/cgroup", NOTHING},
        {INSIDE, "mqueue", "/dev/mqueue", NOTHING},
        {INSIDE, "devpts", "/dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                {{"ptmxmode", "0666"}, {"mode", "620"}, {"gid", "5"}}},
        /* Only what is the network's can be changed by the guest's root, and programs see it by this. */
        {AT_LAST, NULL, "/proc/sys", NOTHING | MOUNT_ATTR_RDONLY},
        {AT_LAST, NULL, "/proc/sys/net"},
        /* journald tells boots apart by it. */
        {AT_LAST, NULL, "/proc/sys/kernel/random/boot_id", NOTHING | MOUNT_ATTR_RDONLY, .source = BOOT_ID},
        /* As systemd-nspawn hides them: devices that cannot be opened there. */
        {AT_LAST, NULL, "/proc/keys", NOTHING, .source = "/dev/null", .if_there = true},
        {AT_LAST, NULL, "/proc/kallsyms", NOTHING, .source = "/dev/null", .if_there = true},
        /* clang-format on */
};

static int pieces_add_own(Pieces *p, const CellOptions *o, Moment moment, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(own_pieces); i++) {
                const struct Own *own = &own_pieces[i];
                const char *source = own->source ? own->source : own->path;

                if (own->moment != moment || own->network == (o->private_network ? OF_HOST : OF_GUEST) ||
                    (own->if_there && access(own->path, F_OK) < 0 && errno == ENOENT))
                        continue;
                r = own->kind ? mount_make(own->kind, own->options, ELEMENTSOF(own->options),
                                           own->attributes, reterr)
                              : mount_clone_as_it_is(source, own->attributes, reterr);
                r = pieces_add(p, r, own->path);
        }
        return r;
}

static int pieces_add_mounts(Pieces *p, const CellMounts *mounts, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < mounts->n; i++) {
                const CellMount *m = &mounts->items[i];
                uint64_t attributes = m->read_only ? MOUNT_ATTR_RDONLY : 0;

                r = mount_clone_path(m->source, /* recursive= */ true, attributes, reterr);
                r = pieces_add(p, r, m->target);
        }
        return r;
}

/* With what it lies in. What is there is not opened: it may be a FIFO, or a device. */
static int tree_make_point(const char *path, bool directory, Error *reterr) {
        _cleanup_free_ char *copy = xstrdup(path);

        for (char *end = copy; end;) {
                int r;

                end = strchr(end + 1, '/');
                if (end)
                        *end = '\0';
                r = end || directory ? mkdir(copy, 0755) : mknod(copy, S_IFREG | 0644, 0);
                if (r < 0 && errno != EEXIST)
                        return error_set(reterr, errno, "make '%s' in the container", copy);
                if (end)
                        *end = '/';
        }
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

/* What else there is, in what was attached. */
static int tree_fill(Error *reterr) {
        static const char *const links[][2] = {
                {"/proc/self/fd", "/dev/fd"},       {"/proc/self/fd/0", "/dev/stdin"},
                {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
                {"pts/ptmx", "/dev/ptmx"},
        };
        _cleanup_free_ char *uuid = NULL, *line = NULL;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                if (symlink(links[i][0], links[i][1]) < 0)
                        return error_set(reterr, errno, "make '%s' in the container", links[i][1]);
        r = uuid_make(&uuid, reterr);
        if (r < 0)
                return r;
        line = xasprintf("%s\n", uuid);
        r = tree_write(BOOT_ID, line, reterr);
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
        _cleanup_(pieces_done) Pieces pieces = {};
        int r;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make a mount namespace");
        /* All of it is opened while paths still are the host's. */
        r = pieces_add_own(&pieces, o, OUTSIDE, reterr);
        if (r >= 0)
                r = pieces_add_credentials(&pieces, &o->credentials, reterr);
        if (r >= 0)
                r = pieces_add_mounts(&pieces, &o->mounts, reterr);
        if (r >= 0)
                r = change_root(o->directory, reterr);
        if (r >= 0)
                r = pieces_attach(&pieces, reterr);
        if (r >= 0)
                r = tree_fill(reterr);
        if (r >= 0 && mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                r = error_set(reterr, errno, "share the container's mounts with its namespace");
        return r;
}

int tree_mount_inside(const CellOptions *o, Error *reterr) {
        int r = 0;

        for (Moment moment = INSIDE; r >= 0 && moment <= AT_LAST; moment++) {
                _cleanup_(pieces_done) Pieces own = {};

                r = pieces_add_own(&own, o, moment, reterr);
                if (r >= 0)
                        r = pieces_attach(&own, reterr);
        }
        return r;
}

int tree_hide_sights(const CellOptions *o, Error *reterr) {
        if (umount2(TREE_PROC, MNT_DETACH) < 0 || unlink(BOOT_ID) < 0 ||
            (o->private_network && umount2(SYSFS, MNT_DETACH) < 0))
                return error_set(reterr, errno, "hide what was for the cell");
        /* Of no use, and in nothing's way. */
        (void) rmdir(TREE_PROC);
        (void) rmdir(SYSFS);
        return 0;
}
