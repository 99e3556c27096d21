/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <search.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "copy/pack.h"
#include "copy/tar-print.h"

/* The kernel's limit of an attribute, and of the list of them, is this. */
enum { GENERATED_MAX = 4 * 1024 * 1024, ATTRIBUTE_MAX = 64 * 1024 };

/* One a level, and the longest name has half as many parts as characters. */
#define DIRECTORIES_MAX (TAR_NAME_MAX / 2 + 64)

/* The name of a file that has several. */
typedef struct Name {
        dev_t device;
        ino_t inode;
        char *path;
} Name;

typedef struct Pack {
        int out_fd;
        bool attributes; /* are written */
        CopySide *side;
        Error *error;
        char path[TAR_NAME_MAX + 1]; /* in the archive, of what is being written */
        size_t path_size;
        void *names; /* tree of Name */
        char *chunk;
} Pack;

static void name_free(void *p) {
        Name *name = p;

        free(name->path);
        free(name);
}

static void pack_done(Pack *p) {
        tdestroy(p->names, name_free);
        free(p->chunk);
}

static int pack_compare_names(const void *a, const void *b) {
        const Name *x = a, *y = b;

        if (x->device != y->device)
                return x->device < y->device ? -1 : 1;
        return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static int pack_fail(Pack *p, int r, const char *what) {
        return error_set(p->error, r, "%s '%s'", what, p->path);
}

static int pack_write(Pack *p, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(p->out_fd, data, size);

                /* A standard output that does not block. */
                if (n < 0 && errno == EAGAIN)
                        (void) poll(&(struct pollfd){.fd = p->out_fd, .events = POLLOUT}, 1, -1);
                else if (n < 0 && errno != EINTR) {
                        p->side->other_gone = errno == EPIPE;
                        return error_set(p->error, errno, "write the tar archive");
                }
                if (n > 0) {
                        data += n;
                        size -= (size_t) n;
                }
        }
        return 0;
}

static int write_zeros(Pack *p, uint64_t size) {
        static const char zeros[16 * 1024];
        int r = 0;

        while (size > 0 && r >= 0) {
                size_t n = size < sizeof(zeros) ? (size_t) size : sizeof(zeros);

                r = pack_write(p, zeros, n);
                size -= n;
        }
        return r;
}

static int write_header(Pack *p, TarEntry *entry, const struct stat *st) {
        _cleanup_free_ char *header = NULL;
        size_t size;

        entry->mode = st->st_mode & 07777;
        entry->uid = st->st_uid;
        entry->gid = st->st_gid;
        entry->mtime = st->st_mtim.tv_sec;
        entry->path = p->path;
        header = tar_print(entry, &size);
        entry->path = NULL;
        p->side->entries++;
        return pack_write(p, header, size);
}

/* Of others it is the host's doing: security modules, overlayfs. */
static bool is_own_attribute(const char *name) {
        return streq(name, "security.capability") || startswith(name, "user.");
}

static int add_attribute(Pack *p, int fd, const char *name, TarEntry *entry) {
        char *value = p->chunk + ATTRIBUTE_MAX;
        ssize_t n = fgetxattr(fd, name, value, ATTRIBUTE_MAX);
        TarAttribute *attribute;

        if (n < 0)
                return errno == ENODATA ? 0 : pack_fail(p, errno, "read an attribute of");
        attribute = XGROW(entry->attributes, entry->n_attributes);
        *attribute =
                (TarAttribute){.name = xstrdup(name), .value = xmalloc0((size_t) n + 1), .size = (size_t) n};
        memcpy(attribute->value, value, (size_t) n);
        return 0;
}

/* Nothing else is in the chunk at that time, and directories nest. */
static int find_attributes(Pack *p, int fd, TarEntry *entry) {
        char *names = p->chunk;
        ssize_t n = p->attributes ? flistxattr(fd, names, ATTRIBUTE_MAX) : 0;
        int r = 0;

        if (n < 0)
                return errno == ENOTSUP ? 0 : pack_fail(p, errno, "list the attributes of");
        for (const char *name = names; name < names + n && r >= 0; name += strlen(name) + 1)
                if (is_own_attribute(name))
                        r = add_attribute(p, fd, name, entry);
        return r;
}

static void add_extent(TarEntry *entry, off_t begin, off_t end) {
        *XGROW(entry->extents, entry->n_extents) = (TarExtent){(uint64_t) begin, (uint64_t) (end - begin)};
}

/* Where a file has data. It may change meanwhile: what counts is what was written into the header. */
static void find_extents(int fd, const struct stat *st, TarEntry *entry) {
        off_t begin, end = 0;

        entry->size = (uint64_t) st->st_size;
        while (end < st->st_size && (off_t) st->st_blocks * 512 < st->st_size &&
               entry->n_extents + 1 < TAR_EXTENT_MAX) {
                begin = lseek(fd, end, SEEK_DATA);
                if (begin < 0 && errno == ENXIO)
                        return; /* a hole to its end */
                end = begin < 0 ? -1 : lseek(fd, begin, SEEK_HOLE);
                if (begin < 0 || end <= begin) {
                        entry->n_extents = 0;
                        end = 0;
                        break;
                }
                if (begin >= st->st_size)
                        return;
                if (end > st->st_size)
                        end = st->st_size;
                add_extent(entry, begin, end);
        }
        if (end < st->st_size)
                add_extent(entry, end, st->st_size);
}

static int pack_write_extent(Pack *p, int fd, const TarExtent *e) {
        uint64_t done = 0;

        while (done < e->size) {
                size_t size = e->size - done < TAR_CHUNK_SIZE ? (size_t) (e->size - done) : TAR_CHUNK_SIZE;
                ssize_t n = pread(fd, p->chunk, size, (off_t) (e->offset + done));
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return pack_fail(p, errno, "read");
                if (n == 0) {
                        copy_side_leave_out(p->side, p->path, "has become shorter while it was read");
                        return write_zeros(p, e->size - done);
                }
                r = pack_write(p, p->chunk, (size_t) n);
                if (r < 0)
                        return r;
                done += (uint64_t) n;
                p->side->bytes += (uint64_t) n;
        }
        return 0;
}

/* Some file systems make the content of a file when it is read, and say that its size is 0. */
static int write_generated(Pack *p, int fd, const struct stat *st) {
        _cleanup_free_ char *data = NULL;
        _cleanup_(tar_entry_done) TarEntry entry = {.type = TAR_FILE};
        size_t size;
        int r;

        r = fs_read_fd(fd, p->path, GENERATED_MAX, &data, &size, p->error);
        if (r < 0)
                return r;
        entry.size = size;
        if (size > 0)
                add_extent(&entry, 0, (off_t) size);
        r = find_attributes(p, fd, &entry);
        if (r >= 0)
                r = write_header(p, &entry, st);
        if (r >= 0)
                r = pack_write(p, data, size);
        p->side->bytes += size;
        return r < 0 ? r : write_zeros(p, tar_padding(size));
}

static int pack_write_file(Pack *p, int fd, const struct stat *st) {
        _cleanup_(tar_entry_done) TarEntry entry = {.type = TAR_FILE};
        int r;

        if (st->st_size == 0)
                return write_generated(p, fd, st);
        find_extents(fd, st, &entry);
        r = find_attributes(p, fd, &entry);
        if (r >= 0)
                r = write_header(p, &entry, st);
        for (size_t i = 0; i < entry.n_extents && r >= 0; i++)
                r = pack_write_extent(p, fd, &entry.extents[i]);
        if (r >= 0)
                r = write_zeros(p, tar_padding(tar_entry_stored(&entry)));
        return r;
}

/* Return: 1 when it was written as a link to an earlier name. */
static int write_hard_link(Pack *p, const struct stat *st) {
        const Name key = {.device = st->st_dev, .inode = st->st_ino};
        Name *const *found = tfind(&key, &p->names, pack_compare_names);
        Name *name;
        int r;

        if (found) {
                TarEntry entry = {.type = TAR_HARD_LINK, .link = (*found)->path};

                r = write_header(p, &entry, st);
                return r < 0 ? r : 1;
        }
        name = xmalloc0(sizeof(*name));
        *name = (Name){st->st_dev, st->st_ino, xstrdup(p->path)};
        (void) tsearch(name, &p->names, pack_compare_names);
        return 0;
}

static int pack_file(Pack *p, int dir_fd, const char *name) {
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;
        int r;

        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return pack_fail(p, errno, "open");
        if (!S_ISREG(st.st_mode))
                return pack_fail(p, ESTALE, "open");
        r = st.st_nlink > 1 ? write_hard_link(p, &st) : 0;
        return r != 0 ? r : pack_write_file(p, fd, &st);
}

static int pack_link(Pack *p, int dir_fd, const char *name, const struct stat *st) {
        char target[TAR_NAME_MAX + 1];
        TarEntry entry = {.type = TAR_LINK, .link = target};
        ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);

        if (n < 0 && errno == ENOENT)
                return 0;
        if (n < 0)
                return pack_fail(p, errno, "read");
        target[n] = '\0';
        return write_header(p, &entry, st);
}

/* Not a place where files are kept. */
static bool is_of_the_kernel(int fd) {
        static const unsigned types[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,        CGROUP_SUPER_MAGIC,
                                         CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, BPF_FS_MAGIC,
                                         DEBUGFS_MAGIC,       TRACEFS_MAGIC,      SECURITYFS_MAGIC,
                                         SELINUX_MAGIC,       BINFMTFS_MAGIC,     0x19800202 /* mqueue */};
        struct statfs s;

        if (fstatfs(fd, &s) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if ((unsigned) s.f_type == types[i])
                        return true;
        return false;
}

static int pack_directory(Pack *p, int fd, const struct stat *st);

static int pack_subdirectory(Pack *p, int dir_fd, const char *name, bool mounted) {
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;

        if (fd < 0 && errno == ENOENT)
                return 0;
        /* What systemd-nspawn mounts for its own use, not even the container's root can read. */
        if (fd < 0 && errno == EACCES && mounted) {
                copy_side_leave_out(p->side, p->path, "is the host's");
                return 0;
        }
        if (fd < 0 || fstat(fd, &st) < 0)
                return pack_fail(p, errno, "open");
        if (mounted && is_of_the_kernel(fd)) {
                copy_side_leave_out(p->side, p->path, "is the kernel's");
                return 0;
        }
        return pack_directory(p, TAKE_FD(fd), &st);
}

static int pack_named(Pack *p, int dir_fd, const char *name, dev_t device) {
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
                return errno == ENOENT ? 0 : pack_fail(p, errno, "look at");
        switch (st.st_mode & S_IFMT) {
        case S_IFREG:
                return pack_file(p, dir_fd, name);
        case S_IFDIR:
                return pack_subdirectory(p, dir_fd, name, st.st_dev != device);
        case S_IFLNK:
                return pack_link(p, dir_fd, name, &st);
        default:
                copy_side_leave_out(p->side, p->path,
                                    S_ISSOCK(st.st_mode)   ? "is a socket"
                                    : S_ISFIFO(st.st_mode) ? "is a FIFO"
                                                           : "is a device");
                return 0;
        }
}

static int pack_member(Pack *p, int dir_fd, const char *name, dev_t device) {
        size_t before = p->path_size, n = strlen(name);
        int r;

        if (before + 1 + n > TAR_NAME_MAX)
                return error_raise(p->error, FC_EXIT_INTERNAL,
                                   "'%.64s...': a path in it is longer than %d bytes", p->path,
                                   TAR_NAME_MAX);
        p->path[before] = '/';
        memcpy(p->path + before + 1, name, n + 1);
        p->path_size += 1 + n;
        r = pack_named(p, dir_fd, name, device);
        p->path[before] = '\0';
        p->path_size = before;
        return r;
}

/* Closes @fd. */
static int pack_directory(Pack *p, int fd, const struct stat *st) {
        _cleanup_(closedirp) DIR *d = fdopendir(fd);
        _cleanup_(tar_entry_done) TarEntry entry = {.type = TAR_DIRECTORY};
        int r;

        if (!d) {
                r = pack_fail(p, errno, "read");
                (void) safe_close(fd);
                return r;
        }
        r = find_attributes(p, fd, &entry);
        if (r >= 0)
                r = write_header(p, &entry, st);
        while (r >= 0) {
                const struct dirent *e;

                errno = 0;
                e = readdir(d);
                if (!e)
                        return errno != 0 ? pack_fail(p, errno, "read") : 0;
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = pack_member(p, dirfd(d), e->d_name, st->st_dev);
        }
        return r;
}

static void allow_directories(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DIRECTORIES_MAX)
                return;
        limit.rlim_cur = limit.rlim_max < DIRECTORIES_MAX ? limit.rlim_max : DIRECTORIES_MAX;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

static void pack_begin(Pack *p, const char *name) {
        allow_directories();
        p->chunk = xmalloc0(TAR_CHUNK_SIZE);
        p->path_size = (size_t) snprintf(p->path, sizeof(p->path), "%s", name ? name : ".");
}

/* Closes @fd. */
static int pack_all(Pack *p, int fd, const char *name) {
        struct stat st;
        int r;

        pack_begin(p, name);
        if (fstat(fd, &st) < 0)
                r = pack_fail(p, errno, "look at");
        else if (S_ISDIR(st.st_mode))
                return pack_directory(p, fd, &st);
        else
                r = pack_write_file(p, fd, &st);
        (void) safe_close(fd);
        return r;
}

int copy_pack(int fd, const char *name, int out_fd, CopySide *side, Error *reterr) {
        _cleanup_(pack_done) Pack p = {.out_fd = out_fd, .side = side, .error = reterr};
        int r = pack_all(&p, fd, name);

        return r < 0 ? r : write_zeros(&p, TAR_END_SIZE);
}

int copy_pack_layer(int fd, int out_fd, CopySide *side, Error *reterr) {
        _cleanup_(pack_done) Pack p = {.out_fd = out_fd, .attributes = true, .side = side, .error = reterr};

        return pack_all(&p, fd, NULL);
}

int copy_pack_layer_member(int dir_fd, const char *name, const char *at, int out_fd, CopySide *side,
                           Error *reterr) {
        _cleanup_(pack_done) Pack p = {.out_fd = out_fd, .attributes = true, .side = side, .error = reterr};
        struct stat st;

        pack_begin(&p, at);
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return pack_fail(&p, errno, "look at");
        return pack_named(&p, dir_fd, name, st.st_dev);
}

int copy_pack_end(int out_fd, CopySide *side, Error *reterr) {
        Pack p = {.out_fd = out_fd, .side = side, .error = reterr};

        return write_zeros(&p, TAR_END_SIZE);
}
