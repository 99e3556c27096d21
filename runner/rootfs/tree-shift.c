/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/own-mark.h"
#include "base/process.h"
#include "base/walk.h"
#include "rootfs/tree-shift.h"

#define CAPABILITY "security.capability"
#define OPAQUE     "trusted.overlay.opaque"
#define REDIRECT   "trusted.overlay.redirect"

/* On a file whose owner is about to change, since that takes these away: they are put back by this, also
 * after a kill. Only root of the host can write it. */
#define PENDING "trusted.flake-containers.shift"

#define DISK_LEFT_MIN (UINT64_C(1) << 20)

static const char *const acls[] = {"system.posix_acl_access", "system.posix_acl_default"};

typedef struct Pending {
        uint32_t mode;
        uint32_t capability_size; /* 0: it has none */
        struct vfs_ns_cap_data capability;
} Pending;

/* A file, by whatever leads to it. */
typedef struct Entry {
        int fd; /* O_PATH */
        char proc[FS_PROC_FD_MAX];
        struct stat st;
        bool has_acl[ELEMENTSOF(acls)];
        bool has_capability, has_pending, is_covering;
} Entry;

/* A shift on its way. */
typedef struct Work {
        TreeShift *shift;
        int (*visit)(struct Work *w, int dir_fd, const char *name, Entry *e);
        const char *path; /* of the tree */
        Error *reterr;
} Work;

/* ---- looking ---- */

static int shift_raise(const Work *w, int errnum, const char *what, const char *name) {
        return error_set(w->reterr, errnum, "%s '%s' in '%s'", what, name, w->path);
}

static void look_at_names(Entry *e, const char *names, size_t size) {
        for (const char *name = names; name < names + size; name += strlen(name) + 1) {
                for (size_t i = 0; i < ELEMENTSOF(acls); i++)
                        e->has_acl[i] = e->has_acl[i] || streq(name, acls[i]);
                e->has_capability = e->has_capability || streq(name, CAPABILITY);
                e->has_pending = e->has_pending || streq(name, PENDING);
                e->is_covering = e->is_covering || streq(name, OPAQUE) || streq(name, REDIRECT);
        }
}

/* What a tree has no room for here are names by the hundreds. */
static int look_at_attributes(Entry *e) {
        char few[1024];
        _cleanup_free_ char *many = NULL;
        ssize_t n = listxattr(e->proc, few, sizeof(few));

        if (n >= 0) {
                look_at_names(e, few, (size_t) n);
                return 0;
        }
        if (errno == EOPNOTSUPP)
                return 0;
        if (errno != ERANGE)
                return -errno;
        many = xmalloc0(XATTR_LIST_MAX);
        n = listxattr(e->proc, many, XATTR_LIST_MAX);
        if (n < 0)
                return -errno;
        look_at_names(e, many, (size_t) n);
        return 0;
}

static int entry_open(int dir_fd, const char *name, Entry *ret) {
        struct open_how how = {
                .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };

        *ret = (Entry){.fd = (int) syscall(SYS_openat2, dir_fd, name, &how, sizeof(how))};
        if (ret->fd < 0 || fstat(ret->fd, &ret->st) < 0)
                return errno == EXDEV ? -EBUSY : -errno;
        (void) fs_proc_fd(ret->proc, ret->fd);
        return S_ISREG(ret->st.st_mode) || S_ISDIR(ret->st.st_mode) ? look_at_attributes(ret) : 0;
}

static int shift_visit(Work *w, int dir_fd, const char *name) {
        Entry e;
        int r = entry_open(dir_fd, name, &e);

        if (r < 0)
                r = shift_raise(w, r, "look at", name);
        else
                r = w->visit(w, dir_fd, name, &e);
        (void) safe_close(e.fd);
        w->shift->files++;
        return r;
}

/* What another process has removed meanwhile has no ids any more. */
static int on_entry(int dir_fd, const struct dirent *entry, void *userdata) {
        Work *w = userdata;
        struct stat st;
        int r;

        if (process_is_interrupted())
                return error_raise(w->reterr, FC_EXIT_INTERRUPTED, "interrupted");
        if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? WALK_ON : shift_raise(w, errno, "look at", entry->d_name);
        r = shift_visit(w, dir_fd, entry->d_name);
        return r < 0 ? r : S_ISDIR(st.st_mode) ? WALK_ENTER : WALK_ON;
}

static int work(Work *w, int dir_fd, const char *name, bool whole) {
        const WalkVisitor visitor = {.entry = on_entry};
        _cleanup_close_ int fd = -EBADF;
        int r = shift_visit(w, dir_fd, name);

        if (r < 0 || !whole)
                return r;
        fd = walk_open(dir_fd, name, O_DIRECTORY);
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
                return 0;
        if (fd < 0)
                return shift_raise(w, errno, "open", name);
        r = walk_below(fd, &visitor, w);
        return r < 0 && !error_is_set(w->reterr) ? error_set(w->reterr, r, "go through '%s'", w->path) : r;
}

/* ---- the ids of a file, wherever they stand ---- */

/* Called with each; @what: "user" or "group". Return: the new one. */
typedef struct Ids Ids;
struct Ids {
        uint32_t (*each)(Ids *ids, const Shift *shift, uint32_t id, const char *what);
        const TreeShift *shift;
        const char *what; /* the first that has no place, of shift_check_id() */
        uint32_t id;
};

static uint32_t shift_change_id(Ids *ids, const Shift *shift, uint32_t id, const char *what) {
        return shift_id(shift, ids->shift->kind, ids->shift->pass, id);
}

static uint32_t shift_check_id(Ids *ids, const Shift *shift, uint32_t id, const char *what) {
        if (!ids->what && !shift_has(shift, ids->shift->kind, id)) {
                ids->what = what;
                ids->id = id;
        }
        return id;
}

/* @value: of one of `acls`. Return: whether one has changed. */
static bool go_through_acl(Ids *ids, void *value, size_t size) {
        struct posix_acl_xattr_entry *entries = (void *) ((struct posix_acl_xattr_header *) value + 1);
        size_t n = size < sizeof(struct posix_acl_xattr_header)
                           ? 0
                           : (size - sizeof(struct posix_acl_xattr_header)) / sizeof(*entries);
        bool changed = false;

        for (size_t i = 0; i < n; i++) {
                uint16_t tag = le16toh(entries[i].e_tag);
                uint32_t id = le32toh(entries[i].e_id), new = id;

                if (tag == ACL_USER)
                        new = ids->each(ids, &ids->shift->uids, id, "user");
                else if (tag == ACL_GROUP)
                        new = ids->each(ids, &ids->shift->gids, id, "group");
                entries[i].e_id = htole32(new);
                changed = changed || new != id;
        }
        return changed;
}

/* In the one way they are those of root's programs, in the other of programs that run in the user's
 * namespace: without a root that they count for they are those of the host's. Return: as above. */
static bool go_through_capability(Ids *ids, struct vfs_ns_cap_data *data, uint32_t *size) {
        uint32_t magic = le32toh(data->magic_etc), flags = magic & VFS_CAP_FLAGS_MASK,
                 root = *size == XATTR_CAPS_SZ_3 ? le32toh(data->rootid) : 0, new;

        if (*size != XATTR_CAPS_SZ_2 && *size != XATTR_CAPS_SZ_3)
                return false;
        new = ids->each(ids, &ids->shift->uids, root, "root of a capability");
        if (new == root)
                return false;
        data->rootid = htole32(new);
        data->magic_etc = htole32(flags | (new == 0 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3));
        *size = new == 0 ? XATTR_CAPS_SZ_2 : XATTR_CAPS_SZ_3;
        return true;
}

static int read_capability(const Entry *e, struct vfs_ns_cap_data *ret, uint32_t *ret_size) {
        ssize_t n = e->has_capability ? getxattr(e->proc, CAPABILITY, ret, sizeof(*ret)) : 0;

        if (n < 0 && errno != ENODATA)
                return -errno;
        *ret_size = n < 0 ? 0 : (uint32_t) n;
        return 0;
}

/* @size: of the value, which is owned by the caller. */
static int read_acl(const Entry *e, const char *name, void **ret, size_t *ret_size) {
        void *value = xmalloc0(XATTR_SIZE_MAX);
        ssize_t n = getxattr(e->proc, name, value, XATTR_SIZE_MAX);

        *ret = value;
        *ret_size = n < 0 ? 0 : (size_t) n;
        return n < 0 && errno != ENODATA ? -errno : 0;
}

/* ---- whether it can be ---- */

static int check_entry(Work *w, int dir_fd, const char *name, Entry *e) {
        Ids ids = {.each = shift_check_id, .shift = w->shift};
        struct vfs_ns_cap_data capability = {};
        uint32_t size;
        int r;

        (void) shift_check_id(&ids, &w->shift->uids, e->st.st_uid, "user");
        (void) shift_check_id(&ids, &w->shift->gids, e->st.st_gid, "group");
        for (size_t i = 0; i < ELEMENTSOF(acls); i++) {
                _cleanup_free_ void *value = NULL;
                size_t n;

                if (!e->has_acl[i])
                        continue;
                r = read_acl(e, acls[i], &value, &n);
                if (r < 0)
                        return shift_raise(w, r, "read the access control list of", name);
                (void) go_through_acl(&ids, value, n);
        }
        r = read_capability(e, &capability, &size);
        if (r < 0)
                return shift_raise(w, r, "read the capabilities of", name);
        (void) go_through_capability(&ids, &capability, &size);
        if (ids.what)
                return error_raise(w->reterr, FC_EXIT_HOST,
                                   "'%s' in '%s' has the %s %u, which has no place %s", name, w->path,
                                   ids.what, ids.id, w->shift->uids.rootless ? "without root" : "with root");
        if (e->is_covering && w->shift->uids.rootless)
                return error_raise(
                        w->reterr, FC_EXIT_HOST,
                        "'%s' in '%s' covers all of a directory, which an overlay cannot without root", name,
                        w->path);
        return 0;
}

int tree_shift_check(int dir_fd, const char *name, bool whole, TreeShift *shift, const char *path,
                     Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Work w = {.shift = shift, .visit = check_entry, .path = path, .reterr = &error};
        int r = work(&w, dir_fd, name, whole);

        if (r < 0)
                error_move(reterr, &error);
        return r;
}

/* ---- changing ---- */

static int change_acls(const Entry *e, Ids *ids) {
        for (size_t i = 0; i < ELEMENTSOF(acls); i++) {
                _cleanup_free_ void *value = NULL;
                size_t n;
                int r;

                if (!e->has_acl[i])
                        continue;
                r = read_acl(e, acls[i], &value, &n);
                if (r < 0)
                        return r;
                if (n > 0 && go_through_acl(ids, value, n) && setxattr(e->proc, acls[i], value, n, 0) < 0)
                        return -errno;
        }
        return 0;
}

/* A guest can fill the room that a file has for attributes, and not every file system has such ones. Then a
 * kill at this very file loses what was to be noted; a disk that is full ends the change before it. */
static bool has_no_place_for_note(const Entry *e, int errnum) {
        struct statvfs fs;

        return errnum == EOPNOTSUPP || errnum == E2BIG ||
               (errnum == ENOSPC && fstatvfs(e->fd, &fs) >= 0 &&
                (uint64_t) fs.f_bfree * fs.f_frsize >= DISK_LEFT_MIN);
}

static int note_pending(const Entry *e, int dir_fd, const char *name, const Pending *p) {
        int errnum;

        if (e->has_pending || setxattr(e->proc, PENDING, p, sizeof(*p), 0) >= 0)
                return 0;
        errnum = errno;
        if (errnum == EPERM && fs_clear_flags(dir_fd, name)) {
                if (setxattr(e->proc, PENDING, p, sizeof(*p), 0) >= 0)
                        return 0;
                errnum = errno;
        }
        return has_no_place_for_note(e, errnum) ? 0 : -errnum;
}

/* Those that are to be put back when the owner has changed. */
static int read_pending(const Entry *e, Pending *ret) {
        *ret = (Pending){.mode = e->st.st_mode & 07777};
        if (!e->has_pending)
                return read_capability(e, &ret->capability, &ret->capability_size);
        return getxattr(e->proc, PENDING, ret, sizeof(*ret)) == sizeof(*ret) ? 0 : -EBADMSG;
}

static int change_owner(const Entry *e, int dir_fd, const char *name, uid_t uid, gid_t gid) {
        if (uid == e->st.st_uid && gid == e->st.st_gid)
                return 0;
        if (fchownat(e->fd, "", uid, gid, AT_EMPTY_PATH) >= 0)
                return 0;
        if (errno != EPERM || !fs_clear_flags(dir_fd, name))
                return -errno;
        return fchownat(e->fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

/* A file that loses something by a new owner. Its capabilities are for another root in the end. */
static int change_with_pending(const Entry *e, int dir_fd, const char *name, uid_t uid, gid_t gid,
                               Ids *ids) {
        Pending p;
        int r = read_pending(e, &p);

        if (r >= 0)
                r = note_pending(e, dir_fd, name, &p);
        if (r >= 0)
                r = change_owner(e, dir_fd, name, uid, gid);
        if (r >= 0 && chmod(e->proc, p.mode) < 0)
                r = -errno;
        if (r < 0)
                return r;
        (void) go_through_capability(ids, &p.capability, &p.capability_size);
        if (p.capability_size > 0 && setxattr(e->proc, CAPABILITY, &p.capability, p.capability_size, 0) < 0)
                return -errno;
        return removexattr(e->proc, PENDING) < 0 && errno != ENODATA && errno != EOPNOTSUPP ? -errno : 0;
}

/* What the user has put beside ours, by another name, may be root's. */
static bool is_foreign(const Work *w, const Entry *e) {
        return w->shift->kind == SHIFT_BESIDE && S_ISREG(e->st.st_mode) && e->st.st_nlink > 1;
}

static int change_entry(Work *w, int dir_fd, const char *name, Entry *e) {
        Ids ids = {.each = shift_change_id, .shift = w->shift};
        uid_t uid = shift_change_id(&ids, &w->shift->uids, e->st.st_uid, "user");
        gid_t gid = shift_change_id(&ids, &w->shift->gids, e->st.st_gid, "group");
        bool changes = uid != e->st.st_uid || gid != e->st.st_gid;
        int r;

        if (is_foreign(w, e))
                return 0;
        if (S_ISREG(e->st.st_mode) &&
            (e->has_pending || e->has_capability || (changes && (e->st.st_mode & (S_ISUID | S_ISGID)))))
                r = change_with_pending(e, dir_fd, name, uid, gid, &ids);
        else
                r = change_owner(e, dir_fd, name, uid, gid);
        if (r >= 0)
                r = change_acls(e, &ids);
        return r < 0 ? shift_raise(w, r, "change the owner of", name) : 0;
}

int tree_shift(int dir_fd, const char *name, bool whole, TreeShift *shift, const char *path, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Work w = {.shift = shift, .visit = change_entry, .path = path, .reterr = &error};
        int r = work(&w, dir_fd, name, whole);

        if (r < 0)
                error_move(reterr, &error);
        return r;
}

/* ---- our own marks ---- */

/* One that is larger is not ours: without root a guest can make such. */
static int rename_mark(const char *proc, const char *name, const char *from, const char *to) {
        _cleanup_free_ char *new = xasprintf("%s%s", to, name + strlen(from));
        char value[256];
        ssize_t n = getxattr(proc, name, value, sizeof(value));

        if (n < 0)
                return errno == ENODATA || errno == ERANGE ? 0 : -errno;
        if (setxattr(proc, new, value, (size_t) n, 0) >= 0)
                return removexattr(proc, name) < 0 ? -errno : 0;
        if (errno == EOPNOTSUPP)
                return 0;
        /* A guest can leave no room for both. */
        return errno == ENOSPC && removexattr(proc, name) >= 0 &&
                               setxattr(proc, new, value, (size_t) n, 0) >= 0
                       ? 0
                       : -errno;
}

/* Without root a guest can make one of such a name. @mark: behind what own_mark_prefix() says. */
static bool is_roots_alone(const char *mark) {
        _cleanup_free_ char *name = xasprintf("%s%s", own_mark_prefix(/* rootless= */ false), mark);

        return streq(name, PENDING) || streq(name, OWN_MARK_GUEST);
}

int tree_shift_marks(int dir_fd, const char *name, bool rootless, const char *path, Error *reterr) {
        const char *from = own_mark_prefix(!rootless), *to = own_mark_prefix(rootless);
        _cleanup_free_ char *names = xmalloc0(XATTR_LIST_MAX);
        _cleanup_close_ int fd = walk_open(dir_fd, name, O_DIRECTORY);
        char proc[FS_PROC_FD_MAX];
        ssize_t n = fd < 0 ? -1 : flistxattr(fd, names, XATTR_LIST_MAX);
        int r = n < 0 && errno != EOPNOTSUPP && errno != ENOTDIR && errno != ELOOP ? -errno : 0;

        (void) fs_proc_fd(proc, fd);
        for (const char *mark = names; r >= 0 && mark < names + (n < 0 ? 0 : n); mark += strlen(mark) + 1)
                if (startswith(mark, from) && !is_roots_alone(mark + strlen(from)))
                        r = rename_mark(proc, mark, from, to);
        return r < 0 ? error_set(reterr, r, "keep what is noted on '%s'", path) : 0;
}
