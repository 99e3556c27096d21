/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "record/record.h"
#include "record/state-place.h"

#define STATE_RECORD "state"

int state_place_write(int runtime_fd, int state_fd, Error *reterr) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        struct stat st;
        int r;

        r = fs_fd_path(state_fd, "the container's directory", &path, reterr);
        if (r < 0)
                return r;
        if (fstat(state_fd, &st) < 0)
                return error_set(reterr, errno, "find the container's directory");
        text = xasprintf("%" PRIu64 " %" PRIu64 " %s", (uint64_t) st.st_dev, (uint64_t) st.st_ino, path);
        return fs_write_fleeting(runtime_fd, STATE_RECORD, text, strlen(text), 0600, reterr);
}

int state_place_follow(int runtime_fd, int state_fd, Error *reterr) {
        bool there;
        int r;

        r = fs_is_there(runtime_fd, STATE_RECORD, &there, reterr);
        return r < 0 || !there ? r : state_place_write(runtime_fd, state_fd, reterr);
}

bool state_place_parse(const char *text, uint64_t *ret_dev, uint64_t *ret_ino, const char **ret_path) {
        int begin = 0;

        if (sscanf(text, "%" SCNu64 " %" SCNu64 " /%n", ret_dev, ret_ino, &begin) != 2 || begin == 0 ||
            text[begin] == '\0')
                return false;
        *ret_path = text + begin;
        return true;
}

int state_place_open(int runtime_fd, int *ret_fd, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF, fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        uint64_t dev, ino;
        struct stat st;
        const char *path;
        int r;

        r = record_read(runtime_fd, STATE_RECORD, &text, reterr);
        if (r < 0)
                return r;
        *ret_fd = -EBADF;
        if (!text)
                return 0;
        if (!state_place_parse(text, &dev, &ino, &path))
                return record_damaged(STATE_RECORD, reterr);
        root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0)
                return error_set(reterr, errno, "open '/'");
        fd = fs_open_beneath(root_fd, path, O_RDONLY | O_DIRECTORY, 0, NULL);
        if (fd >= 0 && fstat(fd, &st) >= 0 && st.st_dev == dev && st.st_ino == ino)
                *ret_fd = TAKE_FD(fd);
        return 0;
}
