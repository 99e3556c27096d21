/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/in-root.h"
#include "plan/ids.h"
#include "rootfs/covered.h"

void covered_done(Covered *c) {
        c->fd = safe_close(c->fd);
}

/* Return: an fd; -EBADF: there is no directory of that name. */
static int covered_find(int root_fd, const char *path) {
        int fd = root_open(root_fd, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);

        return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? -EBADF : fd;
}

/* @c: open. systemd-nspawn makes mount points that are missing in a mapped root as the host's root, which is
 * none of the container's ids: such a one is not a place of the container's. */
static int covered_look(Covered *c) {
        struct stat st;

        if (fstat(c->fd, &st) < 0)
                return -errno;
        if (st.st_uid >= IDS_SIZE || st.st_gid >= IDS_SIZE) {
                covered_done(c);
                return 0;
        }
        c->mode = st.st_mode & 07777;
        c->uid = st.st_uid;
        c->gid = st.st_gid;
        return 0;
}

int covered_open(int root_fd, const char *path, Covered *ret, Error *reterr) {
        bool is_tmp = streq(path, "/tmp") || streq(path, "/var/tmp");
        _cleanup_(covered_done) Covered covered = {.fd = -EBADF, .mode = is_tmp ? 01777 : 0755};
        int r = 0;

        /* A container never sees the image's /tmp: systemd-nspawn always mounts one there, and makes a mount
         * point that is missing with another mode. */
        if (root_fd >= 0 && !streq(path, "/tmp")) {
                covered.fd = covered_find(root_fd, path);
                if (covered.fd >= 0)
                        r = covered_look(&covered);
                else if (covered.fd != -EBADF)
                        r = covered.fd;
        }
        if (r < 0)
                return error_set(reterr, r, "look at '%s' in the root", path);
        *ret = covered;
        covered.fd = -EBADF;
        return 0;
}
