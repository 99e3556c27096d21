/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "record/record.h"

/* The longest holds a path. */
#define RECORD_MAX (PATH_MAX + 4096)

int record_read(int runtime_fd, const char *name, char **ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = fs_open_beneath_optional(runtime_fd, name, O_RDONLY, &fd, reterr);
        if (r < 0)
                return r;
        if (fd >= 0)
                return fs_read_fd(fd, name, RECORD_MAX, ret, NULL, reterr);
        *ret = NULL;
        return 0;
}

int record_damaged(const char *name, Error *reterr) {
        return error_raise(reterr, FC_EXIT_INTERNAL, "the record '%s' is damaged", name);
}

int record_write(int runtime_fd, const char *name, const char *text, Error *reterr) {
        return fs_write_fleeting(runtime_fd, name, text, strlen(text), 0644, reterr);
}

int record_remove(int runtime_fd, const char *name, Error *reterr) {
        if (unlinkat(runtime_fd, name, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '%s'", name);
        return 0;
}
