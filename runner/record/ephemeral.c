/* SPDX-License-Identifier: MIT */

#include <sys/stat.h>

#include "record/ephemeral.h"
#include "base/fs.h"

#define EPHEMERAL "ephemeral"

int ephemeral_remove(int container_fd, Error *reterr) {
        return fs_remove_tree(container_fd, EPHEMERAL, reterr);
}

int ephemeral_make(int container_fd, Error *reterr) {
        int r;

        r = ephemeral_remove(container_fd, reterr);
        return r < 0 ? r : fs_mkdir_beneath(container_fd, EPHEMERAL, 0700, reterr);
}
