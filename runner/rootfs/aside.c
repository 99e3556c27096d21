/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "rootfs/aside.h"

int aside_make(int dir_fd, const char *name, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        r = fs_remove_tree(dir_fd, name, reterr);
        if (r < 0)
                return r;
        fd = fs_make_directory(dir_fd, name, reterr);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", name);
        if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' was exchanged meanwhile", name);
        return TAKE_FD(fd);
}
