/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "project/instance-dir.h"
#include "project/source.h"
#include "spec/name.h"
#include "state/identity.h"
#include "state/trash.h"

#define WAY  "/" STATE_DIR_NAME "/" INSTANCES_DIR "/"
#define LOT  8  /* digits */
#define STEM 11 /* characters of the project's name before them, and a dash */

char *instance_name_draw(const char *root) {
        _cleanup_free_ char *id = identity_project_id(root, 0), *stem = NULL;
        size_t n = strlen(id) - strlen("-0000");
        uint32_t lot = 0;

        /* The kernel has always some, once it has any. */
        while (getrandom(&lot, sizeof(lot), 0) != sizeof(lot))
                ;
        if (n > STEM)
                n = STEM;
        while (n > 0 && id[n - 1] == '-')
                n--;
        stem = xstrndup(id, n);
        return xasprintf("%s-%0*" PRIx32, stem, LOT, lot);
}

int instance_name_check(const char *name, Error *reterr) {
        return name_check(name, "fresh instance", reterr);
}

char *instance_path(const char *root, const char *name) {
        return xasprintf("%s" WAY "%s", streq(root, "/") ? "" : root, name);
}

bool instance_path_parse(const char *path, char **ret_root, char **ret_name) {
        const char *name = strrchr(path, '/');
        size_t n = strlen(WAY) - 1;

        if (!name || instance_name_check(name + 1, NULL) < 0 || (size_t) (name - path) < n ||
            strncmp(name - n, WAY, n) != 0)
                return false;
        *ret_root = name - n == path ? xstrdup("/") : xstrndup(path, (size_t) (name - n - path));
        *ret_name = xstrdup(name + 1);
        return true;
}

/* @fd: taken. */
static int instance_take(const StateDir *dir, const char *name, int fd, StateDir *ret, Error *reterr) {
        int root_fd = fcntl(dir->root_fd, F_DUPFD_CLOEXEC, 3);

        if (root_fd < 0) {
                (void) safe_close(fd);
                return error_set(reterr, errno, "open the project root '%s'", dir->root);
        }
        *ret = (StateDir){
                .root = xstrdup(dir->root),
                .root_fd = root_fd,
                .fd = fd,
                .user = dir->user,
                .instance = xstrdup(name),
        };
        return 0;
}

int instance_dir_make(const StateDir *dir, const char *name, StateDir *ret, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int all_fd = -EBADF, fd = -EBADF;
        int r = user_fs_enter(&dir->user, &guard, reterr);

        if (r >= 0)
                r = all_fd = fs_mkdir_beneath(dir->fd, INSTANCES_DIR, 0700, reterr);
        if (r >= 0)
                r = fd = fs_make_directory(all_fd, name, reterr);
        return r < 0 ? error_prefix(reterr, r, "fresh instance '%s'", name)
                     : instance_take(dir, name, TAKE_FD(fd), ret, reterr);
}

static int instances_open(const StateDir *dir, int *ret_fd, Error *reterr) {
        *ret_fd = -EBADF;
        return dir->fd < 0 ? 0
                           : fs_open_beneath_optional(dir->fd, INSTANCES_DIR, O_RDONLY | O_DIRECTORY, ret_fd,
                                                      reterr);
}

int instance_dir_open(const StateDir *dir, const char *name, StateDir *ret, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int all_fd = -EBADF, fd = -EBADF;
        int r = instance_name_check(name, reterr);

        if (r >= 0)
                r = user_fs_enter(&dir->user, &guard, reterr);
        if (r >= 0)
                r = instances_open(dir, &all_fd, reterr);
        if (r >= 0 && all_fd >= 0)
                r = fs_open_beneath_optional(all_fd, name, O_RDONLY | O_DIRECTORY, &fd, reterr);
        return r < 0 ? error_prefix(reterr, r, "fresh instance '%s'", name)
                     : instance_take(dir, name, TAKE_FD(fd), ret, reterr);
}

static int instances_compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int instances_list(const StateDir *dir, char ***ret, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_strv_ char **all = NULL, **names = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = user_fs_enter(&dir->user, &guard, reterr);

        if (r >= 0)
                r = instances_open(dir, &fd, reterr);
        if (r < 0)
                return r;
        r = fd >= 0 ? fs_list(fd, &all) : 0;
        if (r < 0)
                return error_set(reterr, r, "list '%s/" STATE_DIR_NAME "/" INSTANCES_DIR "'", dir->root);
        STRV_FOREACH (name, all)
                if (instance_name_check(*name, NULL) >= 0)
                        strv_push(&names, *name);
        if (names)
                qsort(names, strv_length(names), sizeof(*names), instances_compare);
        *ret = TAKE_PTR(names);
        return 0;
}

int instance_dir_remove(const StateDir *dir, const char *name, Error *reterr) {
        _cleanup_close_ int all_fd = -EBADF;
        int r = instances_open(dir, &all_fd, reterr);

        if (r >= 0 && all_fd >= 0)
                r = trash_put(dir->fd, all_fd, name, reterr);
        if (r >= 0)
                r = trash_empty(dir->fd, /* wait= */ true, NULL, NULL, reterr);
        return r < 0 ? error_prefix(reterr, r, "fresh instance '%s'", name) : 0;
}
