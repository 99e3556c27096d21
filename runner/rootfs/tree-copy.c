/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "rootfs/file-copy.h"
#include "rootfs/tree-copy.h"

/* A directory on the way down. Only the last one is open. The way back up is "..", which must lead to the
 * directory that the way down came from. */
typedef struct Level {
        char **names;
        size_t n_names, next;
        struct stat from, to;
} Level;

typedef struct Copy {
        Level *levels;
        size_t n_levels;
        int from_fd, to_fd; /* of the last level */
        int top_fd;         /* the whole copy, borrowed */
        void *linked;       /* tree of Linked */
        bool no_clone;
        const TreeCopyOptions *options;
        TreeCopied copied;
} Copy;

/* The first copy of a file that has several names. */
typedef struct Linked {
        dev_t device;
        ino_t inode;
        ino_t copy;
        char *path; /* below the top */
} Linked;

static void linked_free(void *p) {
        Linked *linked = p;

        free(linked->path);
        free(linked);
}

static int compare_linked(const void *a, const void *b) {
        const Linked *x = a, *y = b;

        if (x->device != y->device)
                return x->device < y->device ? -1 : 1;
        return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static void level_done(Level *level) {
        for (size_t i = 0; i < level->n_names; i++)
                free(level->names[i]);
        free(level->names);
        *level = (Level){};
}

static void copy_done(Copy *c) {
        for (size_t i = 0; i < c->n_levels; i++)
                level_done(&c->levels[i]);
        free(c->levels);
        (void) safe_close(c->from_fd);
        (void) safe_close(c->to_fd);
        tdestroy(c->linked, linked_free);
}

/* The path of @name in the directory at that depth of the tree. */
static char *tree_copy_path_of(const Copy *c, size_t depth, const char *name) {
        _cleanup_strv_ char **parts = NULL;

        for (size_t i = 0; i + 1 < depth; i++)
                strv_push(&parts, c->levels[i].names[c->levels[i].next - 1]);
        strv_push(&parts, name);
        return strv_join(parts, "/");
}

static int check_interrupt(void) {
        return process_is_interrupted() ? -EINTR : 0;
}

static int read_names(int fd, Level *level) {
        _cleanup_(closedirp) DIR *d = NULL;
        int dup = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        d = dup < 0 ? NULL : fdopendir(dup);
        if (!d) {
                r = -errno;
                (void) safe_close(dup);
                return r;
        }
        for (;;) {
                const struct dirent *entry;

                errno = 0;
                entry = readdir(d);
                if (!entry)
                        break;
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
                        *XGROW(level->names, level->n_names) = xstrdup(entry->d_name);
        }
        return -errno;
}

/* Takes both descriptors. */
static int push_level(Copy *c, int from_fd, int to_fd) {
        Level *level = XGROW(c->levels, c->n_levels);

        (void) safe_close(c->from_fd);
        (void) safe_close(c->to_fd);
        c->from_fd = from_fd;
        c->to_fd = to_fd;
        if (fstat(from_fd, &level->from) < 0 || fstat(to_fd, &level->to) < 0)
                return -errno;
        return read_names(from_fd, level);
}

static bool same_file(const struct stat *a, const struct stat *b) {
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int tree_copy_go_up(int *fd, const struct stat *expected) {
        _cleanup_close_ int up = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        if (up < 0 || fstat(up, &st) < 0)
                return -errno;
        if (!same_file(&st, expected))
                return -ESTALE;
        (void) safe_close(*fd);
        *fd = TAKE_FD(up);
        return 0;
}

/* Last of all, since the mode may take write permission away, and each file made in a directory changes
 * its time. */
static int tree_copy_pop_level(Copy *c) {
        Level *level = &c->levels[c->n_levels - 1];
        int r;

        r = file_copy_attributes(c->from_fd, c->to_fd, &level->from);
        level_done(level);
        c->n_levels--;
        if (r < 0 || c->n_levels == 0)
                return r;
        level--;
        r = tree_copy_go_up(&c->from_fd, &level->from);
        return r < 0 ? r : tree_copy_go_up(&c->to_fd, &level->to);
}

static int copy_directory(Copy *c, const char *name) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;

        from_fd = openat(c->from_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (from_fd < 0 || mkdirat(c->to_fd, name, 0700) < 0)
                return -errno;
        to_fd = openat(c->to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to_fd < 0)
                return -errno;
        return push_level(c, TAKE_FD(from_fd), TAKE_FD(to_fd));
}

/* Return: 1, or 0 when it has to be copied. */
static int link_to_copy(const Copy *c, const char *name, const struct stat *st) {
        const Linked key = {.device = st->st_dev, .inode = st->st_ino};
        Linked *const *found = tfind(&key, &c->linked, compare_linked);
        _cleanup_close_ int fd = -EBADF;
        char proc[FS_PROC_FD_MAX];
        struct stat copy;

        if (!found)
                return 0;
        if (fs_open_beneath_optional(c->top_fd, (*found)->path, O_PATH | O_NOFOLLOW, &fd, NULL) < 0 ||
            fd < 0 || fstat(fd, &copy) < 0 || copy.st_ino != (*found)->copy)
                return 0;
        /* Not AT_EMPTY_PATH: before Linux 6.10 that takes a privilege on the host, which root of a user
         * namespace does not have. */
        return linkat(AT_FDCWD, fs_proc_fd(proc, fd), c->to_fd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 1;
}

static int remember_copy(Copy *c, const char *name, const struct stat *st) {
        Linked *linked;
        struct stat copy;

        if (fstatat(c->to_fd, name, &copy, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        linked = xmalloc0(sizeof(*linked));
        *linked = (Linked){st->st_dev, st->st_ino, copy.st_ino, tree_copy_path_of(c, c->n_levels, name)};
        if (*(Linked *const *) tsearch(linked, &c->linked, compare_linked) != linked)
                linked_free(linked);
        return 0;
}

static int copy_regular(Copy *c, const char *name) {
        _cleanup_close_ int from_fd = -EBADF, to_fd = -EBADF;
        struct stat st;
        int r;

        from_fd = openat(c->from_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (from_fd < 0 || fstat(from_fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -ESTALE;
        /* The directory that it is in lets no other user in until all in it has its owner. */
        to_fd = openat(c->to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       st.st_mode & 07777);
        if (to_fd < 0)
                return -errno;
        r = file_copy_data(from_fd, to_fd, &st, &c->no_clone, check_interrupt);
        return r < 0 ? r : file_copy_attributes(from_fd, to_fd, &st);
}

/* Nothing in here follows a link. So it changes only what it has just made, or what has taken that place
 * in the same directory. A node gets its mode when it is made: see tree_copy(). */
static int copy_other(const Copy *c, const char *name, const struct stat *st) {
        const struct timespec times[] = {st->st_atim, st->st_mtim};
        char target[PATH_MAX];
        ssize_t n;
        int r;

        if (S_ISLNK(st->st_mode)) {
                n = readlinkat(c->from_fd, name, target, sizeof(target) - 1);
                if (n < 0)
                        return -errno;
                target[n] = '\0';
                if (symlinkat(target, c->to_fd, name) < 0)
                        return -errno;
        } else if (mknodat(c->to_fd, name, st->st_mode, st->st_rdev) < 0)
                return -errno;
        if (fchownat(c->to_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = file_copy_xattrs_at(c->from_fd, c->to_fd, name);
        if (r < 0)
                return r;
        return utimensat(c->to_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static void count(Copy *c, const struct stat *st) {
        c->copied.files++;
        c->copied.bytes += (uint64_t) st->st_blocks * 512;
        if (c->options && c->options->watch)
                c->options->watch(&c->copied, c->options->userdata);
}

static int copy_entry(Copy *c, const char *name) {
        struct stat st;
        int r;

        if (fstatat(c->from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode)) {
                count(c, &st);
                return copy_directory(c, name);
        }
        r = st.st_nlink > 1 ? link_to_copy(c, name, &st) : 0;
        if (r != 0)
                return r;
        r = S_ISREG(st.st_mode) ? copy_regular(c, name) : copy_other(c, name, &st);
        if (r >= 0 && st.st_nlink > 1)
                r = remember_copy(c, name, &st);
        if (r >= 0)
                count(c, &st);
        return r;
}

/* @depth: how many levels there were before this entry, since it may have removed or added one. */
static int tree_copy_explain(const Copy *c, size_t depth, const char *name, int r, Error *reterr) {
        _cleanup_free_ char *path = tree_copy_path_of(c, depth, name);

        if (r == -EINTR)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted at '%s'", path);
        return error_set(reterr, r, "'%s'", path);
}

static int copy_all(Copy *c, Error *reterr) {
        while (c->n_levels > 0) {
                Level *level = &c->levels[c->n_levels - 1];
                const char *name = level->next < level->n_names ? level->names[level->next] : ".";
                size_t depth = c->n_levels;
                int r = check_interrupt();

                if (r >= 0 && level->next < level->n_names) {
                        level->next++;
                        r = copy_entry(c, name);
                } else if (r >= 0)
                        r = tree_copy_pop_level(c);
                if (r < 0)
                        return tree_copy_explain(c, depth, name, r, reterr);
        }
        return 0;
}

int tree_copy(int from_fd, int to_fd, const TreeCopyOptions *options, const char *name, Error *reterr) {
        _cleanup_(copy_done)
                Copy c = {.from_fd = -EBADF, .to_fd = -EBADF, .top_fd = to_fd, .options = options};
        mode_t mask;
        int from, to, r;

        from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = from < 0 || to < 0 ? -errno : 0;
        if (r < 0) {
                (void) safe_close(from);
                (void) safe_close(to);
                return error_set(reterr, r, "copy '%s'", name);
        }
        r = push_level(&c, from, to);
        if (r < 0)
                return error_set(reterr, r, "copy '%s'", name);
        mask = umask(0);
        r = copy_all(&c, reterr);
        (void) umask(mask);
        if (options && options->copied) {
                options->copied->bytes += c.copied.bytes;
                options->copied->files += c.copied.files;
        }
        return r < 0 ? error_prefix(reterr, r, "copy '%s'", name) : 0;
}
