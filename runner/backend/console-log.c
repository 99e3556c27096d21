/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "backend/console-log.h"
#include "base/fs.h"

int console_log_open(int dir_fd, Error *reterr) {
        return fs_open_file_beneath(dir_fd, CONSOLE_LOG, O_WRONLY | O_CREAT | O_APPEND, 0644, reterr);
}

int console_log_rotate(int dir_fd, Error *reterr) {
        if (renameat(dir_fd, CONSOLE_LOG, dir_fd, CONSOLE_LOG_OLD) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "rotate '" CONSOLE_LOG "'");
        return 0;
}
