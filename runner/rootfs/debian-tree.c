/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "rootfs/debian-tree.h"

/* There is no login on a container's console, a developer's container does not maintain itself, and nothing
 * reads utmp's list of logged-in users. Nothing asks for a password: each of the units that wait for that
 * takes one of the inotify instances that all guests share. */
static const char *const masked[] = {
        "console-getty.service",
        "container-getty@.service",
        "getty@.service",
        "serial-getty@.service",
        "apt-daily.timer",
        "apt-daily-upgrade.timer",
        "dpkg-db-backup.timer",
        "e2scrub_all.timer",
        "e2scrub_reap.service",
        "fstrim.timer",
        "logrotate.timer",
        "systemd-update-utmp.service",
        "systemd-update-utmp-runlevel.service",
        "systemd-ask-password-console.path",
        "systemd-ask-password-wall.path",
};

/* The host's, or of the making. */
static const struct {
        const char *directory, *name;
} unwanted[] = {
        {"etc", "resolv.conf"},
        {"etc", "hostname"},
        {"etc/apt/apt.conf.d", "99mmdebstrap"},
        {"var/lib/dbus", "machine-id"},
};

static int mask_units(int root_fd, Error *reterr) {
        _cleanup_close_ int fd = fs_mkdir_beneath(root_fd, "etc/systemd/system", 0755, reterr);

        if (fd < 0)
                return fd;
        for (size_t i = 0; i < ELEMENTSOF(masked); i++) {
                int r = fs_replace_link(fd, masked[i], "/dev/null", reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int remove_unwanted(int root_fd, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(unwanted); i++) {
                _cleanup_close_ int fd = -EBADF;
                int r = fs_open_beneath_optional(root_fd, unwanted[i].directory, O_RDONLY | O_DIRECTORY, &fd,
                                                 reterr);

                if (r < 0)
                        return r;
                if (fd >= 0 && unlinkat(fd, unwanted[i].name, 0) < 0 && errno != ENOENT)
                        return error_set(reterr, errno, "remove '%s/%s'", unwanted[i].directory,
                                         unwanted[i].name);
        }
        return 0;
}

/* What ConditionNeedsUpdate= looks at. Debian leaves out the unit that writes these files, so that every
 * boot would look for users to make. */
static int note_updated(int root_fd, int dir_fd, Error *reterr) {
        struct stat usr;

        if (fstatat(root_fd, "usr", &usr, AT_SYMLINK_NOFOLLOW) < 0 ||
            utimensat(dir_fd, ".updated", (struct timespec[]){usr.st_mtim, usr.st_mtim},
                      AT_SYMLINK_NOFOLLOW) < 0)
                return error_set(reterr, errno, "set the time of '.updated'");
        return 0;
}

static int make_updated(int root_fd, const char *name, Error *reterr) {
        _cleanup_close_ int fd = fs_open_beneath(root_fd, name, O_RDONLY | O_DIRECTORY, 0, reterr);
        int r = fd < 0 ? fd : fs_write_atomic(fd, ".updated", "", 0, 0644, reterr);

        return r < 0 ? r : note_updated(root_fd, fd, reterr);
}

int debian_tree_settle(int root_fd, Error *reterr) {
        static const char hosts[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
        _cleanup_close_ int etc = fs_open_beneath(root_fd, "etc", O_RDONLY | O_DIRECTORY, 0, reterr);
        int r = etc;

        if (r >= 0)
                r = mask_units(root_fd, reterr);
        if (r >= 0)
                r = remove_unwanted(root_fd, reterr);
        if (r >= 0)
                r = fs_write_atomic(etc, "hosts", hosts, sizeof(hosts) - 1, 0644, reterr);
        /* Empty and not absent. */
        if (r >= 0)
                r = fs_write_atomic(etc, "machine-id", "", 0, 0444, reterr);
        if (r >= 0)
                r = make_updated(root_fd, "etc", reterr);
        if (r >= 0)
                r = make_updated(root_fd, "var", reterr);
        return r < 0 ? r : 0;
}
