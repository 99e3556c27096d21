/* SPDX-License-Identifier: MIT */

#include <linux/mount.h>

#include "base/alloc.h"
#include "rootfs/mounts.h"
#include "rootfs/tmpfs.h"

/* With the flags that systemd-nspawn gives its own. */
int tmpfs_mount(const char *size, mode_t mode, uid_t uid, gid_t gid, Error *reterr) {
        _cleanup_free_ char *mode_text = xasprintf("%o", mode), *uid_text = xasprintf("%u", uid),
                            *gid_text = xasprintf("%u", gid);
        const MountOption options[] = {
                {"mode", mode_text}, {"uid", uid_text}, {"gid", gid_text}, {"size", size}};

        return mount_make("tmpfs", options, ELEMENTSOF(options), MOUNT_ATTR_NODEV | MOUNT_ATTR_STRICTATIME,
                          reterr);
}
