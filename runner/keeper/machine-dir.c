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
#include "keeper/machine-dir.h"

int machine_dir_unshare(int more_flags, Error *reterr) {
        if (unshare(CLONE_NEWNS | more_flags) < 0)
                return error_set(reterr, errno, "make namespaces");
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make the mounts slaves of the host's");
        return 0;
}

static int attach_on(const MachineMount *m, Error *reterr) {
        return syscall(SYS_move_mount, m->fd, "", m->on_fd, "",
                       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
                       ? error_set(reterr, errno, "attach '%s'", m->name)
                       : 0;
}

static int attach_mount(int dir_fd, const MachineMount *m, Error *reterr) {
        /* A copy of a mount shares with that one, which is the host's, what is attached in it. */
        struct mount_attr attr = {.propagation = MS_SLAVE};
        _cleanup_close_ int target = -EBADF;
        struct stat st;

        if (m->on_fd >= 0)
                return attach_on(m, reterr);
        if (fstat(m->fd, &st) < 0)
                return error_set(reterr, errno, "look at mount '%s'", m->name);
        if (mount_setattr(m->fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return error_set(reterr, errno, "make mount '%s' a slave of the host's", m->name);
        if (S_ISDIR(st.st_mode)) {
                if (mkdirat(dir_fd, m->name, 0755) < 0)
                        return error_set(reterr, errno, "make '%s'", m->name);
        } else {
                target = openat(dir_fd, m->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
                if (target < 0)
                        return error_set(reterr, errno, "make '%s'", m->name);
        }
        if (syscall(SYS_move_mount, m->fd, "", dir_fd, m->name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return error_set(reterr, errno, "attach '%s'", m->name);
        return 0;
}

/* The payload's root reads it, and has another uid on the host. */
static int make_gate(Error *reterr) {
        if (mkfifo(MACHINE_GATE, 0644) < 0 || chmod(MACHINE_GATE, 0644) < 0)
                return error_set(reterr, errno, "make the gate");
        return 0;
}

int machine_dir_mount(const MachineMount *mounts, size_t n, bool gate, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;

        if (mkdir(MACHINE_DIR, 0700) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '" MACHINE_DIR "'");
        if (mount("tmpfs", MACHINE_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m") < 0)
                return error_set(reterr, errno, "mount a tmpfs on '" MACHINE_DIR "'");
        fd = open(MACHINE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open '" MACHINE_DIR "'");
        for (size_t i = 0; i < n; i++) {
                int r = attach_mount(fd, &mounts[i], reterr);

                if (r < 0)
                        return r;
        }
        return gate ? make_gate(reterr) : 0;
}

int machine_dir_check_root(Error *reterr) {
        static const char *const places[] = {"dev", "proc", "run", "sys"};
        _cleanup_close_ int fd = open(MACHINE_DIR "/root", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return error_set(reterr, errno, "open the container's root");
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                struct stat st;

                if (fstatat(fd, places[i], &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT)
                                continue;
                        return error_set(reterr, errno, "look at '/%s' of the container", places[i]);
                }
                if (!S_ISDIR(st.st_mode))
                        return error_raise(
                                reterr, FC_EXIT_FAILED,
                                "'/%s' of the container's root is not a directory, and systemd-nspawn "
                                "could leave the root by it",
                                places[i]);
        }
        return 0;
}

static int empty_directory(int fd, Error *reterr) {
        _cleanup_(closedirp) DIR *d = NULL;
        int dup = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        d = dup < 0 ? NULL : fdopendir(dup);
        if (!d) {
                (void) safe_close(dup);
                return error_set(reterr, errno, "list a tmpfs of the container");
        }
        for (;;) {
                const struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(d);
                if (!entry)
                        return errno == 0 ? 0 : error_set(reterr, errno, "list a tmpfs of the container");
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                r = fs_remove_tree(fd, entry->d_name, reterr);
                if (r < 0)
                        return r;
        }
}

int machine_dir_empty_tmpfs(Error *reterr) {
        for (size_t i = 0;; i++) {
                _cleanup_free_ char *path = xasprintf(MACHINE_DIR "/" MACHINE_TMPFS "%zu", i);
                _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
                int r;

                if (fd < 0)
                        return errno == ENOENT ? 0 : error_set(reterr, errno, "open '%s'", path);
                r = empty_directory(fd, reterr);
                if (r < 0)
                        return r;
        }
}
