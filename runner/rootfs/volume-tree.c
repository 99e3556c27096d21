/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "rootfs/aside.h"
#include "rootfs/mounts.h"
#include "rootfs/tree-copy.h"
#include "rootfs/volume-tree.h"

int volume_tree_open(int volumes_fd, const char *name, int *ret_fd, Error *reterr) {
        return fs_open_beneath_optional(volumes_fd, name, O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}

/* By way of the ids that the container has on the host, so that the kernel translates all that has an owner
 * in it: ACLs and capabilities, too. */
static int copy_mapped(int from_fd, int to_fd, const VolumeIds *ids, const char *what, Error *reterr) {
        _cleanup_close_ int from = mount_clone_mapped(from_fd, ids->covered_fd, reterr), to = -EBADF;

        if (from >= 0)
                to = mount_clone_mapped(to_fd, ids->volume_fd, reterr);
        if (from < 0 || to < 0)
                return error_prefix(reterr, from < 0 ? from : to, "copy %s", what);
        return tree_copy(from, to, /* options= */ NULL, what, reterr);
}

/* @aside: no volume can be called so. */
static int fill(int volumes_fd, const char *aside, const char *name, const Covered *covered,
                const VolumeIds *ids, Error *reterr) {
        _cleanup_close_ int fd = aside_make(volumes_fd, aside, reterr);
        _cleanup_free_ char *what = NULL;
        int r = 0;

        if (fd < 0)
                return fd;
        if (covered->fd >= 0) {
                what = xasprintf("what '@%s' covers", name);
                r = ids ? copy_mapped(covered->fd, fd, ids, what, reterr)
                        : tree_copy(covered->fd, fd, /* options= */ NULL, what, reterr);
        } else if (fchown(fd, covered->uid, covered->gid) < 0 || fchmod(fd, covered->mode) < 0)
                r = error_set(reterr, errno, "make volume '@%s'", name);
        if (r >= 0 && renameat(volumes_fd, aside, volumes_fd, name) < 0)
                r = error_set(reterr, errno, "name volume '@%s'", name);
        return r < 0 ? r : TAKE_FD(fd);
}

int volume_tree_make(int volumes_fd, const char *name, const Covered *covered, const VolumeIds *ids,
                     Error *reterr) {
        _cleanup_free_ char *aside = xasprintf(".%s.new", name);
        int fd = fill(volumes_fd, aside, name, covered, ids, reterr);

        if (fd < 0)
                (void) fs_remove_tree(volumes_fd, aside, NULL);
        return fd;
}
