/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "record/ephemeral.h"

int ephemeral_exists(int container_fd, bool *ret, Error *reterr) {
        return fs_is_there(container_fd, EPHEMERAL_DIR, ret, reterr);
}

int ephemeral_remove(int container_fd, Error *reterr) {
        return fs_remove_tree(container_fd, EPHEMERAL_DIR, reterr);
}

int ephemeral_make(int container_fd, Error *reterr) {
        int r;

        r = ephemeral_remove(container_fd, reterr);
        return r < 0 ? r : fs_mkdir_beneath(container_fd, EPHEMERAL_DIR, 0700, reterr);
}
