/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "record/stop-record.h"
#include "base/alloc.h"
#include "base/fs.h"

#define RECORD     "stopping"
#define RECORD_MAX 64

int stop_record_write(int runtime_fd, pid_t asking, Error *reterr) {
        _cleanup_close_ int fd =
                fs_open_file_beneath(runtime_fd, RECORD, O_WRONLY | O_CREAT | O_TRUNC, 0644, reterr);
        _cleanup_free_ char *text = asking > 0 ? xasprintf("%d\n", asking) : NULL;

        if (fd < 0)
                return fd;
        if (text && write(fd, text, strlen(text)) < 0)
                return error_set(reterr, errno, "write '" RECORD "'");
        return 0;
}

bool stop_record_holds(int runtime_fd) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        long asking;

        if (fs_open_beneath_optional(runtime_fd, RECORD, O_RDONLY, &fd, NULL) < 0 || fd < 0 ||
            fs_read_fd(fd, RECORD, RECORD_MAX, &text, NULL, NULL) < 0)
                return false;
        asking = strtol(text, NULL, 10);
        return text[0] == '\0' ||
               (asking > 0 && asking <= INT_MAX && (kill((pid_t) asking, 0) >= 0 || errno == EPERM));
}

bool stop_record_exists(int runtime_fd) {
        return faccessat(runtime_fd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

int stop_record_remove(int runtime_fd, Error *reterr) {
        if (unlinkat(runtime_fd, RECORD, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" RECORD "'");
        return 0;
}
