/* SPDX-License-Identifier: MIT */

#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "spec/name.h"
#include "state/identity.h"
#include "state/lock.h"
#include "state/runtime-dir.h"

/* In the base: what is being removed. */
#define REMOVED ".removed-"

#define CLAIM     "project.path"
#define CLAIM_MAX (PATH_MAX + 1024)

/* Ids also come from names of cgroups and the like, and a wrong one must not become a path. */
static int check_id(const char *id, Error *reterr) {
        return identity_id_is_valid(id) ? 0
                                        : error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a project id", id);
}

static int open_base(const char *base, int *ret_fd, Error *reterr) {
        int fd = open(base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", base);
        *ret_fd = fd < 0 ? -EBADF : fd;
        return 0;
}

int runtime_dir_open(const char *base, const char *id, int *ret_fd, Error *reterr) {
        _cleanup_free_ char *path = NULL;
        int fd, r;

        r = check_id(id, reterr);
        if (r < 0)
                return r;
        /* In one call, since it is asked for each container again and again. The base is ours, and what it
         * lies in is the system's: no other user could put a link there. */
        path = xasprintf("%s/%s", base, id);
        fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", path);
        *ret_fd = fd < 0 ? -EBADF : fd;
        return 0;
}

static int set_mode(int fd, const char *name, mode_t mode, Error *reterr) {
        struct stat st;

        /* Set apart from the umask, and also on a directory that an earlier release has made. */
        if (fstat(fd, &st) < 0 || ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0))
                return error_set(reterr, errno, "set the mode of '%s'", name);
        return 0;
}

/* acl(5): root may do everything, `owner` may read and pass, others nothing. The directory does not
 * belong to the owner, since the owner of a directory can exchange its entries. It has not the owner's
 * group either, which may hold every user. */
static int let_owner_read(int fd, const char *name, uid_t owner, Error *reterr) {
        const struct {
                struct posix_acl_xattr_header header;
                struct posix_acl_xattr_entry entries[5];
        } acl = {
                .header.a_version = htole32(POSIX_ACL_XATTR_VERSION),
                .entries =
                        {
                                {htole16(ACL_USER_OBJ), htole16(ACL_READ | ACL_WRITE | ACL_EXECUTE),
                                 htole32(ACL_UNDEFINED_ID)},
                                {htole16(ACL_USER), htole16(ACL_READ | ACL_EXECUTE), htole32(owner)},
                                {htole16(ACL_GROUP_OBJ), 0, htole32(ACL_UNDEFINED_ID)},
                                {htole16(ACL_MASK), htole16(ACL_READ | ACL_EXECUTE),
                                 htole32(ACL_UNDEFINED_ID)},
                                {htole16(ACL_OTHER), 0, htole32(ACL_UNDEFINED_ID)},
                        },
        };

        if (fsetxattr(fd, "system.posix_acl_access", &acl, sizeof(acl), 0) >= 0)
                return 0;
        if (errno != EOPNOTSUPP)
                return error_set(reterr, errno, "let the project's owner read '%s'", name);
        /* Then any user who knows the names can read how a container has ended. The locks stay closed to
         * them. */
        return set_mode(fd, name, 0711, reterr);
}

static int runtime_dir_make_one(int dir_fd, const char *name, uid_t owner, Error *reterr) {
        _cleanup_close_ int fd = fs_mkdir_beneath(dir_fd, name, 0700, reterr);
        int r;

        if (fd < 0)
                return fd;
        r = owner != 0 ? let_owner_read(fd, name, owner, reterr) : set_mode(fd, name, 0700, reterr);
        return r < 0 ? r : TAKE_FD(fd);
}

/* The owners of projects must pass through it, and need no list of all projects. */
static int make_base(int parent_fd, const char *name, Error *reterr) {
        _cleanup_close_ int fd = fs_mkdir_beneath(parent_fd, name, 0711, reterr);
        int r;

        if (fd < 0)
                return fd;
        r = set_mode(fd, name, 0711, reterr);
        return r < 0 ? r : TAKE_FD(fd);
}

int runtime_dir_make(const char *base, const char *id, uid_t owner, Error *reterr) {
        _cleanup_free_ char *parent = xstrdup(base);
        _cleanup_close_ int parent_fd = -EBADF, base_fd = -EBADF;
        char *slash = strrchr(parent, '/');
        int r;

        r = check_id(id, reterr);
        if (r < 0)
                return r;

        *slash = '\0';
        parent_fd = open(parent[0] != '\0' ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent_fd < 0)
                return error_set(reterr, errno, "open '%s'", parent);
        base_fd = make_base(parent_fd, slash + 1, reterr);
        if (base_fd < 0)
                return error_prefix(reterr, base_fd, "'%s'", base);
        r = runtime_dir_make_one(base_fd, id, owner, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", base) : r;
}

int runtime_dir_lock_base(const char *base, uint64_t timeout_usec, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r;

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", base);
        if (fd < 0) {
                *ret_fd = -EBADF;
                return 0;
        }
        r = lock_wait(fd, LOCK_EX, base, now_usec() + timeout_usec, reterr);
        if (r < 0)
                return r;
        if (r == 0)
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is locked by another command", base);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int list_base(const char *base, bool (*is_one)(const char *name), char ***ret, Error *reterr) {
        _cleanup_strv_ char **all = NULL, **found = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = open_base(base, &fd, reterr);
        if (r < 0)
                return r;
        r = fd >= 0 ? fs_list(fd, &all) : 0;
        if (r < 0)
                return error_set(reterr, r, "list '%s'", base);
        STRV_FOREACH (name, all)
                if (is_one(*name))
                        strv_push(&found, *name);
        *ret = TAKE_PTR(found);
        return 0;
}

int runtime_dir_list(const char *base, char ***ret, Error *reterr) {
        return list_base(base, identity_id_is_valid, ret, reterr);
}

static bool is_removed(const char *name) {
        return startswith(name, REMOVED) != NULL;
}

int runtime_dir_finish(const char *base, bool dry_run, char ***ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL, **paths = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = list_base(base, is_removed, &names, reterr);

        if (r >= 0)
                r = open_base(base, &fd, reterr);
        STRV_FOREACH (name, names) {
                if (r >= 0 && !dry_run)
                        r = fs_remove_tree(fd, *name, reterr);
                strv_pushf(&paths, "%s/%s", base, *name);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(paths);
        return 0;
}

int runtime_dir_remove(const char *base, const char *id, Error *reterr) {
        _cleanup_free_ char *removed = xasprintf(REMOVED "%s", id);
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = check_id(id, reterr);
        if (r >= 0)
                r = open_base(base, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = fs_remove_tree(fd, removed, reterr);
        if (r < 0)
                return r;
        if (renameat(fd, id, fd, removed) < 0)
                return errno == ENOENT ? 0 : error_set(reterr, errno, "remove '%s/%s'", base, id);
        return fs_remove_tree(fd, removed, reterr);
}

/* One whose content is invalid counts as none. */
bool runtime_dir_read_claim(int fd, Checkout *ret) {
        _cleanup_close_ int file = -EBADF;
        _cleanup_free_ char *text = NULL;
        size_t size;

        return fs_open_beneath_optional(fd, CLAIM, O_RDONLY | O_NONBLOCK, &file, NULL) >= 0 && file >= 0 &&
               fs_read_fd(file, CLAIM, CLAIM_MAX, &text, &size, NULL) >= 0 &&
               checkout_parse(text, size, ret);
}

int runtime_dir_claim(int fd, const char *id, const Checkout *checkout, bool in_use, Error *reterr) {
        _cleanup_(checkout_done) Checkout other = {};
        _cleanup_free_ char *text = NULL;
        bool claimed = runtime_dir_read_claim(fd, &other),
             same = claimed && checkout_is_same(checkout, &other);
        int r;

        /* Where what runs was started is kept. */
        if (same && (in_use || streq(other.path, checkout->path)))
                return 0;
        if (claimed && !same && in_use && !streq(other.path, checkout->path)) {
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "another checkout, '%s', has the same id '%s' as '%s' and is running",
                                other.path, id, checkout->path);
                error_add_hint(reterr,
                               "stop the containers of '%s' first, or rename one of the two directories",
                               other.path);
                return r;
        }
        text = checkout_print(checkout);
        return fs_write_atomic(fd, CLAIM, text, strlen(text), 0644, reterr);
}

bool runtime_dir_find_owner(const char *base, const char *machine, Checkout *ret,
                            const char **ret_container) {
        /* ID-CONTAINER: both parts may have dashes, but an id ends in four digits of hash. */
        for (const char *dash = strchr(machine, '-'); dash; dash = strchr(dash + 1, '-')) {
                _cleanup_free_ char *id = xstrndup(machine, (size_t) (dash - machine));
                _cleanup_close_ int fd = -EBADF;

                if (!identity_id_is_valid(id) || runtime_dir_open(base, id, &fd, NULL) < 0 || fd < 0 ||
                    !runtime_dir_read_claim(fd, ret))
                        continue;
                *ret_container = dash + 1;
                return true;
        }
        return false;
}

char *runtime_dir_find_project(const char *base, const char *id) {
        _cleanup_(checkout_done) Checkout checkout = {};
        _cleanup_close_ int fd = -EBADF;

        return runtime_dir_open(base, id, &fd, NULL) >= 0 && fd >= 0 && runtime_dir_read_claim(fd, &checkout)
                       ? TAKE_PTR(checkout.path)
                       : NULL;
}

int runtime_dir_container_open(int fd, const char *name, int *ret_fd, Error *reterr) {
        int r;

        r = name_check(name, "container", reterr);
        return r < 0 ? r : fs_open_beneath_optional(fd, name, O_PATH | O_DIRECTORY, ret_fd, reterr);
}

int runtime_dir_container_make(int fd, const char *name, uid_t owner, Error *reterr) {
        int r;

        r = name_check(name, "container", reterr);
        return r < 0 ? r : runtime_dir_make_one(fd, name, owner, reterr);
}

int runtime_dir_socket_make(int container_fd, const char *socket, uid_t owner, Error *reterr) {
        _cleanup_close_ int sockets_fd =
                                    runtime_dir_make_one(container_fd, RUNTIME_DIR_SOCKETS, owner, reterr),
                            fd = -EBADF;

        if (sockets_fd < 0)
                return sockets_fd;
        fd = runtime_dir_make_one(sockets_fd, socket, owner, reterr);
        return fd < 0 ? fd : 0;
}
