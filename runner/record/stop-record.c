/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "record/record.h"
#include "record/stop-record.h"

#define STOP_RECORD "stopping"

/* That it has asked is an empty file, which is made at once, and on a full /run as well. That it is going to
 * is never seen without its number. */
int stop_record_write(int runtime_fd, pid_t asking, Error *reterr) {
        _cleanup_free_ char *text = asking > 0 ? xasprintf("%d\n", asking) : NULL;
        _cleanup_close_ int fd = -EBADF;

        if (text)
                return record_write(runtime_fd, STOP_RECORD, text, reterr);
        fd = fs_open_file_beneath(runtime_fd, STOP_RECORD, O_WRONLY | O_CREAT | O_TRUNC, 0644, reterr);
        return fd < 0 ? fd : 0;
}

static bool is_asked(const char *text) {
        long asking = strtol(text, NULL, 10);

        return text[0] == '\0' ||
               (asking > 0 && asking <= INT_MAX && (kill((pid_t) asking, 0) >= 0 || errno == EPERM));
}

int stop_record_read(int runtime_fd, StopRecord *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = record_read(runtime_fd, STOP_RECORD, &text, reterr);
        if (r < 0)
                return r;
        *ret = (StopRecord){.exists = text, .holds = text && is_asked(text)};
        return 0;
}

int stop_record_remove(int runtime_fd, Error *reterr) {
        return record_remove(runtime_fd, STOP_RECORD, reterr);
}
