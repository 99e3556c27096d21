/* SPDX-License-Identifier: MIT */

#include <linux/mount.h>
#include <sys/syscall.h>

#include "rootfs/tmpfs.h"
#include "base/alloc.h"

static int set_option(int fs_fd, const char *key, const char *value, Error *reterr) {
        if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_STRING, key, value, 0) < 0)
                return error_set(reterr, errno, "make a tmpfs with %s=%s", key, value);
        return 0;
}

/* With the flags that systemd-nspawn gives its own. */
int tmpfs_mount(const char *size, mode_t mode, uid_t uid, gid_t gid, Error *reterr) {
        _cleanup_free_ char *mode_text = xasprintf("%o", mode), *uid_text = xasprintf("%u", uid),
                            *gid_text = xasprintf("%u", gid);
        _cleanup_close_ int fs_fd = (int) syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
        int fd, r;

        if (fs_fd < 0)
                return error_set(reterr, errno, "make a tmpfs");
        r = set_option(fs_fd, "mode", mode_text, reterr);
        if (r >= 0)
                r = set_option(fs_fd, "uid", uid_text, reterr);
        if (r >= 0)
                r = set_option(fs_fd, "gid", gid_text, reterr);
        if (r >= 0 && size)
                r = set_option(fs_fd, "size", size, reterr);
        if (r < 0)
                return r;
        if (syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return error_set(reterr, errno, "make a tmpfs");
        fd = (int) syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_STRICTATIME);
        return fd < 0 ? error_set(reterr, errno, "mount a tmpfs") : fd;
}
