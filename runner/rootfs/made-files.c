/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "rootfs/made-files.h"
#include "rootfs/mounts.h"

int made_files_mount(Error *reterr) {
        return mount_make("ramfs", &(MountOption){"mode", "0700"}, 1,
                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, reterr);
}

int made_files_add(int fd, const char *name, const void *data, size_t size, mode_t mode, Error *reterr) {
        _cleanup_close_ int file_fd = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int r;

        if (file_fd < 0)
                return error_set(reterr, errno, "make '%s' in memory", name);
        r = fs_write_all(file_fd, data, size);
        if (r < 0)
                return error_set(reterr, r, "write '%s' in memory", name);
        /* Again, because of the umask. */
        if (fchmod(file_fd, mode) < 0)
                return error_set(reterr, errno, "set the mode of '%s' in memory", name);
        return 0;
}
