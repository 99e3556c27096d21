/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "project/identity.h"
#include "project/runtime-dir.h"
#include "spec/name.h"

/* Ids also come from names of cgroups and the like, and a wrong one must not become a path. */
static int check_id(const char *id, Error *reterr) {
        return identity_id_is_valid(id) ? 0
                                        : error_raise(reterr, FC_EXIT_USAGE, "'%s' is no project id", id);
}

static int open_base(const char *base, int *ret_fd, Error *reterr) {
        int fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", base);
        *ret_fd = fd < 0 ? -EBADF : fd;
        return 0;
}

int runtime_dir_open(const char *base, const char *id, int *ret_fd, Error *reterr) {
        _cleanup_close_ int base_fd = -EBADF;
        int r;

        r = check_id(id, reterr);
        if (r < 0)
                return r;
        r = open_base(base, &base_fd, reterr);
        if (r < 0)
                return r;
        if (base_fd < 0) {
                *ret_fd = -EBADF;
                return 0;
        }
        return fs_open_beneath_optional(base_fd, id, O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}

/* mkdir(2) that does not depend on the umask: other users may ask for the status. */
static int make(int dir_fd, const char *name, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = fs_mkdir_beneath(dir_fd, name, 0755, reterr);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0 || ((st.st_mode & 07777) != 0755 && fchmod(fd, 0755) < 0))
                return error_set(reterr, errno, "make '%s' readable", name);
        return TAKE_FD(fd);
}

int runtime_dir_make(const char *base, const char *id, Error *reterr) {
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
        base_fd = make(parent_fd, slash + 1, reterr);
        if (base_fd < 0)
                return error_prefix(reterr, base_fd, "'%s'", base);
        r = make(base_fd, id, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", base) : r;
}

/* NULL when there is none, or it makes no sense: then it is as if nobody had claimed the id. */
static char *read_path(int fd) {
        _cleanup_close_ int file = -EBADF;
        _cleanup_free_ char *path = NULL;
        size_t size;

        if (fs_open_beneath_optional(fd, RUNTIME_DIR_CLAIM, O_RDONLY | O_NONBLOCK, &file, NULL) < 0 ||
            file < 0 || fs_read_fd(file, RUNTIME_DIR_CLAIM, PATH_MAX + 1, &path, &size, NULL) < 0)
                return NULL;
        /* Only the last newline is not part of the path. */
        if (size < 2 || path[0] != '/' || path[size - 1] != '\n' || strlen(path) != size)
                return NULL;
        path[size - 1] = '\0';
        return TAKE_PTR(path);
}

int runtime_dir_claim(int fd, const char *id, const char *root, bool in_use, Error *reterr) {
        _cleanup_free_ char *other = read_path(fd), *text = NULL;
        int r;

        if (streq_ptr(other, root))
                return 0;
        if (other && in_use) {
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "another checkout, '%s', has the same id '%s' as '%s' and is running", other,
                                id, root);
                error_add_hint(reterr,
                               "stop the containers of '%s' first, or rename one of the two directories",
                               other);
                return r;
        }
        text = xasprintf("%s\n", root);
        return fs_write_atomic(fd, RUNTIME_DIR_CLAIM, text, strlen(text), 0644, reterr);
}

char *runtime_dir_find_project(const char *base, const char *id) {
        _cleanup_close_ int fd = -EBADF;

        return runtime_dir_open(base, id, &fd, NULL) >= 0 && fd >= 0 ? read_path(fd) : NULL;
}

int runtime_dir_container_open(int fd, const char *name, int *ret_fd, Error *reterr) {
        int r;

        r = name_check(name, "container", reterr);
        return r < 0 ? r : fs_open_beneath_optional(fd, name, O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}

int runtime_dir_container_make(int fd, const char *name, Error *reterr) {
        int r;

        r = name_check(name, "container", reterr);
        return r < 0 ? r : make(fd, name, reterr);
}
