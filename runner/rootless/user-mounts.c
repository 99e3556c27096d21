/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/paths.h"
#include "base/strv.h"
#include "rootfs/mounts.h"
#include "rootless/user-mounts.h"

#define NOTHING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

#define RUN ROOTLESS_RUNTIME

int user_runtime_check(Error *reterr) {
        const char *base = getenv("XDG_RUNTIME_DIR");
        int r;

        if (base && base[0] == '/')
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST, "without root this needs XDG_RUNTIME_DIR");
        error_add_hint(reterr, "a login sets it, which su is not: ssh or machinectl shell");
        return r;
}

int user_runtime_open(Error *reterr) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r = user_runtime_check(reterr);

        if (r < 0)
                return r;
        path = xasprintf("%s/flake-containers", getenv("XDG_RUNTIME_DIR"));
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '%s'", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set(reterr, errno, "open '%s'", path);
        if (st.st_uid != geteuid())
                return error_raise(reterr, FC_EXIT_HOST, "'%s' belongs to another user", path);
        return TAKE_FD(fd);
}

/* One thing of the host's /run, in ours. What is neither a directory nor a link only root could use. */
static int keep_of_run(int old_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("/run/%s", name);
        _cleanup_close_ int fd = openat(old_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), tree = -EBADF;
        char target[PATH_MAX];
        struct stat st;
        ssize_t n;

        /* It may have gone by now. */
        if (streq(path, RUN) || fd < 0 || fstat(fd, &st) < 0)
                return 0;
        if (S_ISLNK(st.st_mode)) {
                n = readlinkat(fd, "", target, sizeof(target) - 1);
                if (n < 0)
                        return 0;
                target[n] = '\0';
                return symlink(target, path) < 0 ? error_set(reterr, errno, "make '%s'", path) : 0;
        }
        if (!S_ISDIR(st.st_mode))
                return 0;
        tree = mount_clone(fd, /* recursive= */ true, reterr);
        if (tree < 0)
                return error_prefix(reterr, tree, "'%s'", path);
        if (mkdir(path, 0755) < 0)
                return error_set(reterr, errno, "make '%s'", path);
        return mount_attach(tree, path, reterr);
}

/* What is there stays in sight, since programs may lie there, as on NixOS. What root's containers have there
 * is not this user's. */
static int replace_run(int runtime_fd, Error *reterr) {
        _cleanup_close_ int old_fd = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        int r = old_fd < 0 ? -errno : fs_list(old_fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list '/run'");
        r = mount_make_at("tmpfs", "/run", &(MountOption){"mode", "0755"}, 1, NOTHING, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = keep_of_run(old_fd, *name, reterr);
        if (r >= 0 && mkdir(RUN, 0755) < 0)
                r = error_set(reterr, errno, "make '" RUN "'");
        return r < 0 ? r : mount_attach(runtime_fd, RUN, reterr);
}

int user_mounts_make(Error *reterr) {
        _cleanup_close_ int runtime_fd = -EBADF, runtime = -EBADF;
        int r;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make a mount namespace");
        /* Opened again: only what is in this namespace can be cloned. */
        runtime_fd = user_runtime_open(reterr);
        runtime = runtime_fd < 0 ? runtime_fd : mount_clone(runtime_fd, /* recursive= */ true, reterr);
        if (runtime < 0)
                return runtime;
        /* The same file system cannot be mounted on itself, and what is there not be unmounted. */
        r = mount_make_at("tmpfs", "/sys/fs/cgroup", NULL, 0, NOTHING, reterr);
        if (r >= 0)
                r = mount_make_at("cgroup2", "/sys/fs/cgroup", NULL, 0, NOTHING, reterr);
        return r < 0 ? r : replace_run(runtime, reterr);
}
