/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "record/console-log.h"

int console_log_open(int dir_fd, Error *reterr) {
        return fs_open_file_beneath(dir_fd, CONSOLE_LOG, O_WRONLY | O_CREAT | O_APPEND, 0644, reterr);
}

int console_log_make(int dir_fd, Error *reterr) {
        return fs_open_file_beneath(dir_fd, CONSOLE_LOG, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0644,
                                    reterr);
}

int console_log_rotate(int dir_fd, Error *reterr) {
        if (renameat(dir_fd, CONSOLE_LOG, dir_fd, CONSOLE_LOG_OLD) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "rotate '" CONSOLE_LOG "'");
        return 0;
}

/* Whole blocks, of whatever size a file system has. */
#define TRIM_UNIT (64 * 1024)

int console_log_trim(int fd, Error *reterr) {
        struct stat st;
        off_t begin, hole;

        /* A file without any data has no beginning either. */
        begin = lseek(fd, 0, SEEK_DATA);
        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '" CONSOLE_LOG "'");
        if (begin < 0 || st.st_size - begin <= CONSOLE_LOG_MAX)
                return 0;
        hole = (st.st_size - CONSOLE_LOG_MAX / 2) / TRIM_UNIT * TRIM_UNIT;
        if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, hole) >= 0)
                return 0;
        /* Better nothing left of it than a full disk. */
        if (errno != EOPNOTSUPP || ftruncate(fd, 0) < 0)
                return error_set(reterr, errno, "trim '" CONSOLE_LOG "'");
        return 0;
}
