/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "plan/nspawn-argv.h"
#include "rootfs/skeleton.h"

/* systemd-nspawn refuses to start without `usr`, and would make `bin`, `lib` and `sbin` links to directories
 * in it that stay empty, while NixOS puts a shell into `bin`. A mount point for the journal that nspawn
 * makes would belong to the user "nobody". */
static const struct {
        const char *path;
        mode_t mode;
} directories[] = {
        /* clang-format off */
        { "bin",             0755 },
        { "dev",             0755 },
        { "etc",             0755 },
        { "home",            0755 },
        { "lib",             0755 },
        { "mnt",             0755 },
        { "opt",             0755 },
        { "proc",            0555 },
        { "root",            0700 },
        { "run",             0755 },
        { "sbin",            0755 },
        { "srv",             0755 },
        { "sys",             0555 },
        { "tmp",            01777 },
        { "usr",             0755 },
        { "usr/bin",         0755 },
        { "var",             0755 },
        { "var/lib",         0755 },
        { "var/log",         0755 },
        { "var/log/journal", 0755 },
        { "var/tmp",        01777 },
        /* clang-format on */
};

/* What programs expect to find and NixOS's activation would have made. */
static const struct {
        const char *path, *target; /* in the toplevel */
} links[] = {
        {"bin/sh", "sw/bin/sh"},
        {"etc/nsswitch.conf", "etc/nsswitch.conf"},
        {"etc/os-release", "etc/os-release"},
        {"etc/protocols", "etc/protocols"},
        {"etc/services", "etc/services"},
        {"etc/ssl", "etc/ssl"},
        {"usr/bin/env", "sw/bin/env"},
};

static const struct {
        const char *path, *text;
} files[] = {
        /* What lies below the project's, where there is one. */
        {"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
        {"etc/group", "root:x:0:\nnogroup:x:65534:\n"},
        {"etc/passwd", "root:x:0:0:System administrator:/root:/bin/sh\n"
                       "nobody:x:65534:65534:Unprivileged account:/var/empty:/sbin/nologin\n"},
};

/* Whole or not at all: what is there is not written again. */
static int make_file(int root_fd, const char *path, const char *text, Error *reterr) {
        _cleanup_free_ char *dir = xstrdup(path);
        _cleanup_close_ int dir_fd = -EBADF;
        char *name = strrchr(dir, '/') + 1;
        bool there;
        int r;

        name[-1] = '\0';
        r = dir_fd = fs_mkdir_beneath(root_fd, dir, 0755, reterr);
        if (r >= 0)
                r = fs_is_there(dir_fd, name, &there, reterr);
        if (r < 0 || there)
                return r < 0 ? r : 0;
        r = fs_write_fleeting(dir_fd, name, text, strlen(text), 0644, reterr);
        return r < 0 ? error_prefix(reterr, r, "'/%s'", dir) : 0;
}

static int make_link(int root_fd, const char *path, const char *target, Error *reterr) {
        _cleanup_free_ char *dir = xstrdup(path), *to = xasprintf(CURRENT_SYSTEM "/%s", target);
        _cleanup_close_ int dir_fd = -EBADF;
        char *name = strrchr(dir, '/') + 1;

        name[-1] = '\0';
        dir_fd = fs_mkdir_beneath(root_fd, dir, 0755, reterr);
        if (dir_fd < 0)
                return dir_fd;
        if (symlinkat(to, dir_fd, name) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '/%s'", path);
        return 0;
}

int skeleton_make(int root_fd, Error *reterr) {
        if (fchmod(root_fd, 0755) < 0)
                return error_set(reterr, errno, "open the new root to its users");
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (mkdirat(root_fd, directories[i].path, 0755) < 0 ||
                    fchmodat(root_fd, directories[i].path, directories[i].mode, 0) < 0)
                        return error_set(reterr, errno, "make '/%s' in the new root", directories[i].path);
        /* Empty, not missing: systemd fills it, and does not take this for the first boot of an image, which
         * it would preset all units for. See machine-id(5). */
        return make_file(root_fd, "etc/machine-id", "", reterr);
}

/* Makes the directories that a container has removed. A file that stands in the place of one belongs to
 * the container and is kept. */
static int repair_directories(int root_fd, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_close_ int there = -EBADF, fd = -EBADF;
                const char *path = directories[i].path;

                if (fs_open_beneath_optional(root_fd, path, O_PATH, &there, NULL) < 0 || there >= 0)
                        continue;
                fd = fs_mkdir_beneath(root_fd, path, 0755, reterr);
                if (fd < 0)
                        return fd;
                if (fchmod(fd, directories[i].mode) < 0)
                        return error_set(reterr, errno, "make '/%s'", path);
        }
        return 0;
}

int skeleton_update(int root_fd, const char *store, int toplevel_fd, Error *reterr) {
        _cleanup_close_ int store_fd = fs_mkdir_beneath(root_fd, store + 1, 0755, reterr);
        int r;

        if (store_fd < 0)
                return store_fd;
        r = repair_directories(root_fd, reterr);
        if (r < 0)
                return r;
        if (toplevel_fd < 0)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                r = make_file(root_fd, files[i].path, files[i].text, reterr);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                bool there;

                r = fs_is_there(toplevel_fd, links[i].target, &there, reterr);
                if (r >= 0 && there)
                        r = make_link(root_fd, links[i].path, links[i].target, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int skeleton_link_init(int root_fd, const char *init, Error *reterr) {
        return fs_replace_link(root_fd, &SYSTEM_INIT[1], init, reterr);
}

bool skeleton_leads_to_init(int root_fd, const char *init) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(root_fd, &SYSTEM_INIT[1], target, sizeof(target));

        return n >= 0 && (size_t) n == strlen(init) && memcmp(target, init, (size_t) n) == 0;
}
