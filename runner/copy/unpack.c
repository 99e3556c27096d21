/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "copy/place.h"
#include "copy/unpack.h"

/* What the kernel shows for an owner that a mount does not map. */
#define UNMAPPED 65534

#define TEMPORARY_MAX 32

/* A directory that was made, which gets its mode and time at the end: the mode may take away the right to
 * write to it. */
typedef struct Made {
        char *path;
        dev_t device;
        ino_t inode;
        mode_t mode;
        int64_t mtime;
} Made;

typedef struct Unpack {
        TarReader *reader;
        const CopyTarget *target;
        CopySide *side;
        Error *error;
        uid_t uid; /* of what is made, with `as_directory` */
        gid_t gid;
        char *parent; /* the directory that is open */
        int parent_fd;
        Made *made;
        size_t n_made;
        char *chunk;
} Unpack;

static void unpack_done(Unpack *u) {
        for (size_t i = 0; i < u->n_made; i++)
                free(u->made[i].path);
        free(u->made);
        free(u->parent);
        (void) safe_close(u->parent_fd);
        free(u->chunk);
}

static int unpack_fail(Unpack *u, int r, const char *what, const char *path) {
        return error_set(u->error, r, "%s '%s' in '%s'", what, path, u->target->text);
}

/* Where an entry belongs, below the directory; owned by the caller. */
static char *path_of(const Unpack *u, const char *path) {
        if (!u->target->name)
                return xstrdup(path);
        return path[0] ? xasprintf("%s/%s", u->target->name, path) : xstrdup(u->target->name);
}

static void unpack_split(const char *path, char **ret_parent, const char **ret_name) {
        const char *slash = strrchr(path, '/');

        *ret_parent = slash ? xstrndup(path, (size_t) (slash - path)) : xstrdup(".");
        *ret_name = slash ? slash + 1 : path;
}

static int unpack_open_directory(Unpack *u, const char *path) {
        int fd = -EBADF, r;

        r = fs_open_beneath_optional(u->target->dir_fd, path, O_PATH | O_DIRECTORY, &fd, u->error);
        /* An archive need not have an entry for each directory. */
        if (r >= 0 && fd < 0)
                r = fd = fs_mkdir_beneath(u->target->dir_fd, path, 0755, u->error);
        return r < 0 ? error_prefix(u->error, r, "in '%s'", u->target->text) : fd;
}

/* The directory that holds @path is `parent_fd` then. */
static int enter_parent(Unpack *u, const char *path, const char **ret_name) {
        _cleanup_free_ char *parent = NULL;
        int fd;

        unpack_split(path, &parent, ret_name);
        if (u->parent && streq(u->parent, parent))
                return 0;
        fd = unpack_open_directory(u, parent);
        if (fd < 0)
                return fd;
        (void) safe_close(u->parent_fd);
        u->parent_fd = fd;
        free(u->parent);
        u->parent = TAKE_PTR(parent);
        return 0;
}

static void temporary_name(char *name) {
        uint64_t number = 0;

        (void) !getrandom(&number, sizeof(number), 0);
        (void) snprintf(name, TEMPORARY_MAX, ".fc-cp-%016llx", (unsigned long long) number);
}

/* Whom a new file is given to; (uid_t) -1: it stays with who made it. */
static void owner_of(const Unpack *u, const TarEntry *entry, uid_t *ret_uid, gid_t *ret_gid) {
        *ret_uid = u->target->keep_owner ? entry->uid : u->uid;
        *ret_gid = u->target->keep_owner ? entry->gid : u->gid;
        if (*ret_uid == geteuid())
                *ret_uid = (uid_t) -1;
        if (*ret_gid == getegid())
                *ret_gid = (gid_t) -1;
}

/* Of a link with @fd -1, else of an open file. */
static int give_away(const Unpack *u, const TarEntry *entry, int fd, const char *name) {
        uid_t uid;
        gid_t gid;

        owner_of(u, entry, &uid, &gid);
        if (uid == (uid_t) -1 && gid == (gid_t) -1)
                return 0;
        if (fd >= 0 ? fchown(fd, uid, gid) < 0
                    : fchownat(u->parent_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int set_attributes(const Unpack *u, int fd, mode_t mode, int64_t mtime) {
        const struct timespec times[] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t) mtime}};

        return fchmod(fd, mode & u->target->modes) < 0 || futimens(fd, times) < 0 ? -errno : 0;
}

static int take_name(Unpack *u, const char *temporary, const char *name, const char *path) {
        if (renameat(u->parent_fd, temporary, u->parent_fd, name) < 0)
                return unpack_fail(u, errno, "make", path);
        return 0;
}

static int unpack_extent(Unpack *u, int fd, const TarExtent *e, const char *path) {
        uint64_t done = 0;

        while (done < e->size) {
                size_t size = e->size - done < TAR_CHUNK_SIZE ? (size_t) (e->size - done) : TAR_CHUNK_SIZE;
                int r = tar_read_data(u->reader, u->chunk, size, u->error);

                if (r < 0)
                        return r;
                for (size_t at = 0; at < size;) {
                        ssize_t n = pwrite(fd, u->chunk + at, size - at, (off_t) (e->offset + done + at));

                        if (n < 0 && errno != EINTR)
                                return unpack_fail(u, errno, "write", path);
                        at += n > 0 ? (size_t) n : 0;
                }
                done += size;
                u->side->bytes += size;
        }
        return 0;
}

static int fill_file(Unpack *u, int fd, const TarEntry *entry, const char *path) {
        int r;

        for (size_t i = 0; i < entry->n_extents; i++) {
                r = unpack_extent(u, fd, &entry->extents[i], path);
                if (r < 0)
                        return r;
        }
        if (ftruncate(fd, (off_t) entry->size) < 0)
                return unpack_fail(u, errno, "write", path);
        r = give_away(u, entry, fd, NULL);
        if (r >= 0)
                r = set_attributes(u, fd, entry->mode, entry->mtime);
        return r < 0 ? unpack_fail(u, r, "set owner and mode of", path) : 0;
}

static int unpack_file(Unpack *u, const TarEntry *entry, const char *path, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        char temporary[TEMPORARY_MAX];
        int r;

        temporary_name(temporary);
        fd = openat(u->parent_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return unpack_fail(u, errno, "make", path);
        r = fill_file(u, fd, entry, path);
        if (r >= 0)
                r = take_name(u, temporary, name, path);
        if (r < 0)
                (void) unlinkat(u->parent_fd, temporary, 0);
        return r;
}

static int unpack_link(Unpack *u, const TarEntry *entry, const char *path, const char *name) {
        const struct timespec times[] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t) entry->mtime}};
        char temporary[TEMPORARY_MAX];
        int r;

        temporary_name(temporary);
        if (symlinkat(entry->link, u->parent_fd, temporary) < 0)
                return unpack_fail(u, errno, "make", path);
        r = give_away(u, entry, -1, temporary);
        if (r >= 0)
                (void) utimensat(u->parent_fd, temporary, times, AT_SYMLINK_NOFOLLOW);
        r = r < 0 ? unpack_fail(u, r, "set the owner of", path) : take_name(u, temporary, name, path);
        if (r < 0)
                (void) unlinkat(u->parent_fd, temporary, 0);
        return r;
}

static int unpack_hard_link(Unpack *u, const TarEntry *entry, const char *path, const char *name) {
        _cleanup_free_ char *first = path_of(u, entry->link), *parent = NULL;
        _cleanup_close_ int fd = -EBADF;
        char temporary[TEMPORARY_MAX];
        const char *first_name;
        int r;

        unpack_split(first, &parent, &first_name);
        fd = unpack_open_directory(u, parent);
        if (fd < 0)
                return fd;
        temporary_name(temporary);
        if (linkat(fd, first_name, u->parent_fd, temporary, 0) < 0)
                return unpack_fail(u, errno, "link", path);
        r = take_name(u, temporary, name, path);
        /* rename(2) leaves two names of one file alone. */
        (void) unlinkat(u->parent_fd, temporary, 0);
        return r;
}

static int unpack_directory(Unpack *u, const TarEntry *entry, const char *path, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        bool made = mkdirat(u->parent_fd, name, 0700) >= 0;
        struct stat st;
        int r;

        if (!made && errno != EEXIST)
                return unpack_fail(u, errno, "make", path);
        fd = openat(u->parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
                return error_raise(u->error, FC_EXIT_CONFLICT, "'%s' in '%s' exists and is not a directory",
                                   path, u->target->text);
        /* One that was there need not be readable. */
        if (fd < 0 && !made && errno == EACCES)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return unpack_fail(u, errno, "open", path);
        if (!made)
                return 0;
        r = give_away(u, entry, fd, NULL);
        if (r < 0)
                return unpack_fail(u, r, "set the owner of", path);
        *XGROW(u->made, u->n_made) = (Made){xstrdup(path), st.st_dev, st.st_ino, entry->mode, entry->mtime};
        return 0;
}

static int unpack_entry(Unpack *u, const TarEntry *entry) {
        _cleanup_free_ char *path = path_of(u, entry->path);
        const char *name;
        int r;

        if (!path[0])
                return entry->type == TAR_DIRECTORY ? 0
                                                    : error_raise(u->error, FC_EXIT_USAGE,
                                                                  "the tar archive has a %s without a name",
                                                                  tar_type_to_string(entry->type));
        r = enter_parent(u, path, &name);
        if (r < 0)
                return r;
        u->side->entries++;
        switch (entry->type) {
        case TAR_FILE:
                return unpack_file(u, entry, path, name);
        case TAR_LINK:
                return unpack_link(u, entry, path, name);
        case TAR_HARD_LINK:
                return unpack_hard_link(u, entry, path, name);
        case TAR_DIRECTORY:
                return unpack_directory(u, entry, path, name);
        default:
                copy_side_leave_out(u->side, path, entry->type == TAR_FIFO ? "is a FIFO" : "is a device");
                return 0;
        }
}

/* Those that are deeper come later. */
static int finish_directories(Unpack *u) {
        for (size_t i = u->n_made; i-- > 0;) {
                const Made *m = &u->made[i];
                _cleanup_close_ int fd = -EBADF;
                struct stat st;
                int r;

                r = fs_open_beneath_optional(u->target->dir_fd, m->path, O_RDONLY | O_DIRECTORY, &fd, NULL);
                /* It was moved away, or another one is there: a guest's doing. */
                if (r < 0 || fd < 0 || fstat(fd, &st) < 0 || st.st_dev != m->device || st.st_ino != m->inode)
                        continue;
                r = set_attributes(u, fd, m->mode, m->mtime);
                if (r < 0)
                        return unpack_fail(u, r, "set the mode of", m->path);
        }
        return 0;
}

static int take_owner(Unpack *u) {
        struct stat st;

        u->uid = geteuid();
        u->gid = getegid();
        if (!u->target->as_directory)
                return 0;
        if (fstat(u->target->dir_fd, &st) < 0)
                return error_set(u->error, errno, "look at '%s'", u->target->text);
        if (st.st_uid != UNMAPPED)
                u->uid = st.st_uid;
        if (st.st_gid != UNMAPPED)
                u->gid = st.st_gid;
        return 0;
}

int copy_unpack(TarReader *reader, const CopyTarget *target, CopySide *side, Error *reterr) {
        _cleanup_(unpack_done) Unpack u = {
                .reader = reader, .target = target, .side = side, .error = reterr, .parent_fd = -EBADF};
        int r, finished;

        u.chunk = xmalloc0(TAR_CHUNK_SIZE);
        r = take_owner(&u);
        while (r >= 0) {
                _cleanup_(tar_entry_done) TarEntry entry = {0};

                r = tar_read_entry(reader, &entry, reterr);
                if (r == 0)
                        break;
                if (r > 0)
                        r = unpack_entry(&u, &entry);
        }
        /* Also of what is left behind when it fails. */
        if (r < 0)
                u.error = NULL;
        finished = finish_directories(&u);
        if (r >= 0) {
                tar_read_rest(reader);
                r = finished;
        }
        return r;
}
