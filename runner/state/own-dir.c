/* SPDX-License-Identifier: MIT */

#include <sys/stat.h>

#include "base/paths.h"
#include "state/own-dir.h"

int own_dir_check(int fd, const char *name, Error *reterr) {
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '" STATE_DIR_NAME "/%s'", name);
        if ((st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & 022) == 0)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "'" STATE_DIR_NAME "/%s' is not root's alone", name);
        error_add_hint(reterr, "move it away");
        return r;
}
