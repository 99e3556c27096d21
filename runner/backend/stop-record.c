/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "backend/stop-record.h"
#include "base/fs.h"

#define RECORD "stopping"

int stop_record_write(int runtime_fd, Error *reterr) {
        _cleanup_close_ int fd = fs_open_file_beneath(runtime_fd, RECORD, O_WRONLY | O_CREAT, 0644, reterr);

        return fd < 0 ? fd : 0;
}

bool stop_record_exists(int runtime_fd) {
        return faccessat(runtime_fd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

int stop_record_remove(int runtime_fd, Error *reterr) {
        if (unlinkat(runtime_fd, RECORD, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" RECORD "'");
        return 0;
}
