/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "rootfs/devices.h"
#include "rootfs/mounts.h"

/* Links are followed: /dev/serial/by-id/ and the like consist of them. */
static int look_up(const char *path, struct stat *ret, Error *reterr) {
        if (stat(path, ret) < 0) {
                if (errno == ENOENT || errno == ENOTDIR)
                        return error_raise(reterr, FC_EXIT_HOST, "this host has no '%s'", path);
                return error_set(reterr, errno, "look at '%s'", path);
        }
        if (!S_ISCHR(ret->st_mode) && !S_ISBLK(ret->st_mode))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a device", path);
        return 0;
}

static mode_t node_mode(const char *permissions) {
        return (strchr(permissions, 'r') ? 0444 : 0) | (strchr(permissions, 'w') ? 0222 : 0);
}

static int make_node(int dir_fd, size_t index, const Device *device, Error *reterr) {
        _cleanup_free_ char *name = xasprintf("%zu", index);
        mode_t mode = node_mode(device->permissions);
        struct stat st;
        int r;

        r = look_up(device->path, &st, reterr);
        if (r < 0)
                return r;
        /* Again, because of the umask. */
        if (mknodat(dir_fd, name, (st.st_mode & S_IFMT) | mode, st.st_rdev) < 0 ||
            fchmodat(dir_fd, name, mode, 0) < 0)
                return error_set(reterr, errno, "make a node for '%s'", device->path);
        return 0;
}

int devices_mount(const Device *devices, size_t n, const char *place, Error *reterr) {
        /* Not MS_NODEV, of course; the rest as nspawn has it in /dev. */
        _cleanup_close_ int fd = mount_make("tmpfs", &(MountOption){"mode", "0755"}, 1,
                                            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, reterr);

        if (fd < 0)
                return error_prefix(reterr, fd, "%s", place);
        for (size_t i = 0; i < n; i++) {
                int r = make_node(fd, i, &devices[i], reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "%s[%zu]", place, i);
        }
        return TAKE_FD(fd);
}
